with dated_outcomes as (
    select
        outcomes.*,
        interventions.intervention_date
    from {{ ref('stg_outcomes') }} as outcomes
    inner join {{ ref('stg_interventions') }} as interventions on outcomes.intervention_id = interventions.intervention_id
),

final as (
    {% for table_name, rule_id, rows, condition in [
        ('accounts_raw', 'plan_spelling', ref('input_accounts'), 'plan_tier <> lower(trim(plan_tier))'),
        ('accounts_raw', 'missing_plan', ref('input_accounts'), plain_word('plan_tier') ~ ' is null'),
        ('accounts_raw', 'negative_seats', ref('input_accounts'), 'seat_count < 0'),
        ('users_raw', 'role_spelling', ref('input_users'), 'role_type <> lower(trim(role_type))'),
        ('users_raw', 'missing_role', ref('input_users'), plain_word('role_type') ~ ' is null'),
        (
            'user_activity_daily_raw', 'missing_count', ref('input_user_activity_daily'),
            'core_action_count is null or time_spent_minutes is null '
            ~ 'or (collab_action_count is null and ' ~ is_recorded(ref('input_user_activity_daily'), 'collab_action_count')
            ~ ') or (feature_diversity_count is null and '
            ~ is_recorded(ref('input_user_activity_daily'), 'feature_diversity_count') ~ ')'
        ),
        ('outcomes_raw', 'impossible_revenue', ref('input_outcomes'), 'not (' ~ is_possible_revenue('revenue_usd') ~ ')'),
        ('outcomes_raw', 'unobserved_outcome', ref('stg_outcomes'), 'is_converted is null'),
        (
            'outcomes_raw', 'activation_disagrees', 'dated_outcomes',
            is_recorded(ref('stg_outcomes'), 'activation_date')
            ~ ' and ((activation_date is not null) <> coalesce(is_converted, false) or activation_date < intervention_date '
            ~ 'or activation_date > intervention_date + cast(outcome_window_days as int))'
        ),
        (
            'campaign_events_raw', 'impossible_revenue', ref('input_campaign_events'),
            'not (' ~ is_possible_revenue('abs(revenue_usd)') ~ ')'
        ),
        ('campaign_events_raw', 'unpriced_conversion', ref('stg_campaign_events'), 'is_converted and revenue_usd is null'),
    ] %}
    select
        '{{ table_name }}' as table_name,
        '{{ rule_id }}' as rule_id,
        count(*) as n_rows
    from {{ rows }}
    where {{ condition }}
    union all
    {% endfor %}
    select
        'user_events_raw' as table_name,
        'repeated_event' as rule_id,
        coalesce({{ sum_int('n_repeated_events') }}, 0) as n_rows
    from {{ ref('base_user_event_days') }}
)

select * from final
