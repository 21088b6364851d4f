-- POL-16: Nobody is nudged with a lift that is zero or less, below the Sleeping Dog threshold, unsupported, or unknown. A policy
-- that nudges everybody in its targets only requires lift to be known and supported.
with nudges as (
    select * from {{ ref('int_policy__nudges') }}
    {{ where_in_scope() }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

final as (
    select
        nudges.campaign_id,
        nudges.policy_id,
        nudges.user_id,
        scores.lift,
        scores.lift_doubt
    from nudges
    inner join policies on nudges.policy_id = policies.policy_id
    left join scores on nudges.population = scores.population and nudges.observation_id = scores.observation_id
    where
        not coalesce(
            (
                policies.nudges_everybody
                or (
                    scores.lift > 0
                    and scores.lift + {{ normal_quantile('policies.harm_confidence') }} * scores.lift_se
                    >= policies.sleeping_dog_lift_threshold
                )
            )
            and (
                nudges.population = 'campaign'
                or scores.lift_doubt <= least(policies.doubt_limit, policies.nudge_doubt_limit)
                or (policies.nudges_everybody and scores.lift < policies.sleeping_dog_lift_threshold)
            ),
            false
        )
)

select * from final
