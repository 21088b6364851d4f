with features as (
    select * from {{ ref('int_features__user_features') }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

-- Categories become ranks of their meaning, since the forests split on order. Every column after is_converted is a
-- feature: a new one is added here and nowhere else.
final as (
    select
        features.user_id,
        features.account_id,
        features.as_of_date,
        {{ hash_bucket('features.account_id', 'learner.folds', "'fold'") }} as fold,
        cast(interventions.is_treated as int) as is_treated,
        cast(outcomes.is_converted as int) as is_converted,
        cast(features.actions_7d as double) as actions_7d,
        cast(features.actions_30d as double) as actions_30d,
        cast(features.core_actions_30d as double) as core_actions_30d,
        cast(features.collab_actions_30d as double) as collab_actions_30d,
        cast(features.minutes_30d as double) as minutes_30d,
        cast(features.days_observed_30d as double) as days_observed_30d,
        features.feature_diversity_30d,
        features.momentum,
        features.week_on_week_change,
        features.intensity,
        cast(features.days_since_last_active as double) as days_since_last_active,
        cast(features.tenure_days as double) as tenure_days,
        case features.role_type when 'basic' then 0.0 when 'power_user' then 1.0 else 2.0 end as role_rank,
        cast(features.seat_count as double) as seat_count,
        case features.plan_tier when 'starter' then 0.0 when 'growth' then 1.0 when 'enterprise' then 2.0 end as plan_rank,
        case features.prev_nudge_response
            when 'negative' then -1.0 when 'ignored' then 0.0 when 'positive' then 1.0
        end as prev_nudge_response_rank
    from features
    inner join interventions on features.intervention_id = interventions.intervention_id
    left join outcomes on features.intervention_id = outcomes.intervention_id
    cross join learner
    where features.purpose = 'retrospective'
)

select * from final
