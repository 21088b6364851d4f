with features as (
    select * from {{ ref('int_features__users') }}
    where population = 'campaign'
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

guarded_users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'campaign' and is_shipped
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

activity_quantiles as (
    select
        percentile_cont(0.75) within group (order by actions_30d) as p75_actions_30d,
        percentile_cont(0.90) within group (order by actions_30d) as p90_actions_30d
    from features
),

users as (
    select
        dr_scores.observation_id,
        dr_scores.account_id,
        dr_scores.is_treated,
        dr_scores.outcome,
        dr_scores.dr_score,
        features.actions_30d > activity_quantiles.p90_actions_30d as is_most_active,
        features.week_on_week_change between -0.2 and -0.1 as is_decelerating,
        abs(features.week_on_week_change) < 0.1
        and features.actions_30d > activity_quantiles.p75_actions_30d as is_stable_heavy
    from dr_scores
    inner join features on dr_scores.observation_id = features.observation_id
    cross join activity_quantiles
),

sleeping_dogs as (
    select
        scores.observation_id,
        scores.account_id,
        scores.raw_lift
    from guarded_users
    inner join scores on guarded_users.observation_id = scores.observation_id
    where guarded_users.is_sleeping_dog
),

final as (
    select observation_id as unit_id, account_id, 'average_lift' as finding_id, 'focus' as side, dr_score as measure from users
    union all
    select observation_id, account_id, 'active_user_lift', 'focus', dr_score from users where is_most_active
    union all
    select observation_id, account_id, 'momentum_difference', 'focus', dr_score from users where is_decelerating
    union all
    select observation_id, account_id, 'momentum_difference', 'base', dr_score from users where is_stable_heavy
    union all
    select observation_id, account_id, 'raw_difference', 'focus', outcome from users where is_treated = 1
    union all
    select observation_id, account_id, 'raw_difference', 'base', outcome from users where is_treated = 0
    union all
    select observation_id, account_id, 'raw_model_dogs_nudged_share', 'focus', cast(raw_lift > 0 as int) from sleeping_dogs
)

select * from final
