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

nudges as (
    select * from {{ ref('int_features__nudges') }}
),

campaign as (
    select nudges_per_quarter_limit from {{ ref('campaign_parameters') }}
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
        -- A lift without an error is no score: nobody knows whether such a user is a Sleeping Dog.
        {{ is_sleeping_dog('scores.lift', 'scores.lift_se', 'policies') }} is not null as is_scored,
        scores.lift_doubt,
        scores.unseen_features,
        {{ is_sleeping_dog('scores.lift', 'scores.lift_se', 'policies') }} as is_sleeping_dog,
        -- Unknown counts as harmed, as does losing more revenue than a conversion brings.
        round(least(1.0, coalesce({{ expected_loss('scores.lift', 'scores.lift_se') }}, 1.0)), 9) as harm_probability,
        policies.doubt_limit,
        policies.nudge_doubt_limit,
        policies.nudges_everybody,
        coalesce(nudges.n_nudges_90d >= campaign.nudges_per_quarter_limit, false) as is_nudged_enough
    from scores
    left join users on scores.user_id = users.user_id
    left join nudges on scores.population = nudges.population and scores.observation_id = nudges.observation_id
    cross join policies
    cross join campaign
    where policies.counts_unobserved_users or scores.has_observed_outcome or scores.population = 'today'
),

supported as (
    select
        *,
        {{ is_supported('judged', 'is_sleeping_dog', 'judged') }} as is_supported,
        coalesce(judged.population = 'campaign' or judged.lift_doubt <= judged.nudge_doubt_limit, false) as is_nudge_supported
    from judged
),

-- Nothing rules these users out, whatever their expected lift.
allowed as (
    select
        *,
        is_scored and is_supported and is_nudge_supported and not is_nudged_enough as may_be_nudged
    from supported
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
        is_nudged_enough,
        coalesce(may_be_nudged and (nudges_everybody or (lift > 0 and not is_sleeping_dog)), false) as is_nudged_in_target,
        coalesce(may_be_nudged and lift_upper > 0 and not is_sleeping_dog, false) as is_explorable
    from allowed
)

select * from final
