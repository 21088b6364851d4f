{{ config(materialized='view') }}

with users as (
    select * from {{ ref('stg_users') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

judged as (
    select
        scores.population,
        scores.campaign_id,
        policies.policy_id,
        policies.is_shipped,
        scores.observation_id,
        scores.user_id,
        scores.account_id,
        coalesce(users.is_admin, true) as is_admin,
        scores.lift,
        scores.lift_se,
        scores.lift_lower,
        scores.lift_upper,
        scores.lift is not null as is_scored,
        scores.lift_doubt,
        scores.unseen_features,
        {{ is_sleeping_dog('scores.lift', 'scores.lift_se', 'policies') }} as is_sleeping_dog,
        -- Who is not known to be harmless counts as harmed.
        coalesce(
            case
                when scores.lift_se > 0
                    then {{ normal_cdf('((policies.sleeping_dog_lift_threshold - scores.lift) / scores.lift_se)') }}
            end, 1.0
        ) as harm_probability,
        policies.doubt_limit,
        policies.nudge_doubt_limit,
        policies.nudges_everybody
    from scores
    left join users on scores.user_id = users.user_id
    cross join policies
    where policies.counts_unobserved_users or scores.has_observed_outcome or scores.population = 'today'
),

supported as (
    select
        *,
        {{ is_supported('judged', 'is_sleeping_dog', 'judged') }} as is_supported,
        coalesce(judged.population = 'campaign' or judged.lift_doubt <= judged.nudge_doubt_limit, false) as is_nudge_supported
    from judged
),

final as (
    select
        population,
        campaign_id,
        policy_id,
        is_shipped,
        observation_id,
        user_id,
        account_id,
        is_admin,
        lift,
        lift_se,
        lift_lower,
        lift_upper,
        lift_doubt,
        unseen_features,
        is_scored,
        is_supported,
        is_sleeping_dog,
        harm_probability,
        coalesce(
            is_scored and is_supported and is_nudge_supported and (nudges_everybody or (lift > 0 and not is_sleeping_dog)), false
        ) as is_nudged_in_target
    from supported
)

select * from final
