-- POL-16: Nobody is nudged whose lift is zero or less, below the Sleeping Dog threshold, or unknown.
with nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

final as (
    select
        nudges.policy_id,
        nudges.user_id,
        scores.lift
    from nudges
    inner join policies on nudges.policy_id = policies.policy_id
    left join scores on nudges.user_id = scores.user_id
    where
        not coalesce(
            scores.lift > 0
            and scores.lift + {{ normal_quantile('policies.harm_confidence') }} * scores.lift_se
            >= policies.sleeping_dog_lift_threshold,
            false
        )
)

select * from final
