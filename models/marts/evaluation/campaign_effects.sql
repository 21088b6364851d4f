with users as (
    select * from {{ ref('int_campaign__judged_users') }}
),

effects as (
    {{ clustered_means('users', 'dr_score', by=['campaign_id'], beside=['lift']) }}
),

counts as (
    select
        campaign_id,
        max(campaign_number) as campaign_number,
        min(intervention_date) as first_date,
        {{ sum_int('is_treated') }} as n_assigned_users,
        count(*) filter (where is_treated = 1 and not is_sent) as n_unsent_users
    from users
    group by 1
),

final as (
    select
        counts.campaign_id,
        cast(counts.campaign_number as int) as campaign_number,
        counts.first_date,
        effects.n_rows as n_users,
        counts.n_assigned_users,
        counts.n_unsent_users,
        effects.n_accounts,
        {{ with_interval('effect', 'effects.mean', 'effects.standard_error', 6) }},
        round(effects.lift, 6) as expected_effect
    from counts
    inner join effects on counts.campaign_id = effects.campaign_id
)

select * from final
