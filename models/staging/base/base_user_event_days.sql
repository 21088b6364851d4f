-- Logs delivered at least once contain repeats: the same user, name and time is one event.
with events as (
    select
        user_id,
        said_word as event_name,
        event_time,
        our_word as counts_as,
        count(*) as n_copies
    from ({{ mapped_words('user_events', 'event_name', mapping='events', missing='ignore') }}) as mapped
    group by 1, 2, 3, 4
),

-- Count the minutes with events instead of estimating session length.
final as (
    select
        user_id,
        cast(event_time as date) as activity_date,
        max(case when counts_as = 'login' then 1 else 0 end) as login_flag,
        count(*) filter (where counts_as = 'core_action') as core_action_count,
        count(*) filter (where counts_as = 'collab_action') as collab_action_count,
        count(distinct date_trunc('minute', event_time)) as time_spent_minutes,
        count(distinct case when counts_as <> 'login' then event_name end) as feature_diversity_count,
        cast(null as string) as source,
        {{ sum_int('n_copies - 1') }} as n_repeated_events
    from events
    where counts_as <> 'ignore'
    group by 1, 2
)

select * from final
