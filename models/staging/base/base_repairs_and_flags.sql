with repairs_and_flags as (
    select
        'accounts_raw' as table_name,
        'plan_spelling' as rule_id,
        count(*) as n_rows
    from {{ source('raw', 'accounts_raw') }}
    where plan_tier <> lower(trim(plan_tier))
    union all
    select
        'accounts_raw' as table_name,
        'unknown_plan' as rule_id,
        count(*) as n_rows
    from {{ ref('base_accounts') }}
    where plan_tier = 'unknown'
    union all
    select
        'accounts_raw' as table_name,
        'negative_seats' as rule_id,
        count(*) as n_rows
    from {{ source('raw', 'accounts_raw') }}
    where seat_count < 0
    union all
    select
        'users_raw' as table_name,
        'role_spelling' as rule_id,
        count(*) as n_rows
    from {{ source('raw', 'users_raw') }}
    where role_type <> lower(trim(role_type))
    union all
    select
        'users_raw' as table_name,
        'unknown_role' as rule_id,
        count(*) as n_rows
    from {{ ref('base_users') }}
    where role_type = 'unknown'
    union all
    select
        'user_activity_daily_raw' as table_name,
        'missing_count' as rule_id,
        count(*) as n_rows
    from {{ source('raw', 'user_activity_daily_raw') }}
    where
        core_action_count is null
        or collab_action_count is null
        or time_spent_minutes is null
        or feature_diversity_count is null
    union all
    select
        'interventions_raw' as table_name,
        'unknown_response' as rule_id,
        count(*) as n_rows
    from {{ source('raw', 'interventions_raw') }}
    where lower(trim(prev_nudge_response)) not in ('positive', 'ignored', 'negative', 'none')
    union all
    select
        'outcomes_raw' as table_name,
        'unobserved_outcome' as rule_id,
        count(*) as n_rows
    from {{ ref('stg_outcomes') }}
    where is_converted is null
    union all
    select
        'outcomes_raw' as table_name,
        'activation_disagrees' as rule_id,
        count(*) as n_rows
    from {{ ref('stg_outcomes') }} as outcomes
    inner join {{ ref('stg_interventions') }} as interventions
        on outcomes.intervention_id = interventions.intervention_id
    where
        (outcomes.activation_date is not null) <> coalesce(outcomes.is_converted, false)
        or outcomes.activation_date <= interventions.intervention_date
        or outcomes.activation_date > interventions.intervention_date + cast(outcomes.outcome_window_days as int)
    union all
    select
        'campaign_events_raw' as table_name,
        'impossible_revenue' as rule_id,
        count(*) as n_rows
    from {{ source('raw', 'campaign_events_raw') }}
    where abs(revenue_usd) > 1e9
    union all
    select
        'campaign_events_raw' as table_name,
        'unpriced_conversion' as rule_id,
        count(*) as n_rows
    from {{ ref('stg_campaign_events') }}
    where is_converted and revenue_usd is null
),

final as (
    select * from repairs_and_flags
)

select * from final
