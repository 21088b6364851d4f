with delivered as (
    select * from {{ ref('stg_delivery_measures') }}
),

last_good as (
    select
        measure_id,
        subject,
        measure,
        data_type
    from {{ source('published', 'last_good_delivery') }}
    where {{ var('deliveries') == 'compare' }}
),

compared as (
    select
        coalesce(delivered.measure_id, last_good.measure_id) as measure_id,
        coalesce(delivered.subject, last_good.subject) as subject,
        last_good.measure as measure_before,
        delivered.measure as measure_now,
        cast(last_good.data_type <> delivered.data_type as int) as type_changed,
        count(last_good.subject) over () as n_before
    from delivered
    full outer join last_good
        on delivered.measure_id = last_good.measure_id and delivered.subject = last_good.subject
),

changes as (
    select
        *,
        'rows_lost' as check_id,
        1 - {{ safe_divide('coalesce(measure_now, 0)', 'measure_before') }} as change
    from compared
    where measure_id = 'rows'
    union all
    -- The logs of a running campaign and of a bandit are meant to grow.
    select
        *,
        'rows_gained' as check_id,
        {{ safe_divide('measure_now', 'measure_before') }} - 1 as change
    from compared
    where measure_id = 'rows' and subject not in ('campaign_events_raw', 'bandit_log_raw')
    union all
    select
        *,
        'type_changed' as check_id,
        type_changed as change
    from compared
    where measure_id = 'filled_share'
    union all
    select
        *,
        'filled_share_lost' as check_id,
        measure_before - measure_now as change
    from compared
    where measure_id = 'filled_share'
    union all
    select
        *,
        'campaign_share_moved' as check_id,
        abs(measure_now - measure_before) as change
    from compared
    where measure_id = 'campaign_share'
    union all
    select
        *,
        'category_share_moved' as check_id,
        abs(coalesce(measure_now, 0) - measure_before) as change
    from compared
    where measure_id = 'category_share'
    union all
    select
        *,
        'category_new' as check_id,
        measure_now as change
    from compared
    where measure_id = 'category_share' and measure_before is null and n_before > 0
    union all
    select
        *,
        'activity_age_days' as check_id,
        measure_now as change
    from compared
    where measure_id = 'activity_age_days'
),

-- Rounded, since a limit must not be missed by the last digit of a quotient. What can't be compared has not changed.
final as (
    select
        check_id,
        subject,
        cast(round(change, 9) as double) as change,
        measure_before,
        measure_now
    from changes
    where change is not null
)

select * from final
