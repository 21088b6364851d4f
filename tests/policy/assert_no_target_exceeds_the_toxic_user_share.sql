-- POL-03: No targeted account has more predicted Sleeping Dogs than the policy tolerates. Counted anew from the scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

users as (
    select
        decisions.policy_id,
        decisions.account_id,
        decisions.toxic_user_share_limit,
        decisions.min_toxic_users,
        cast(
            scores.lift + {{ normal_quantile('decisions.harm_confidence') }} * scores.lift_se
            < decisions.sleeping_dog_lift_threshold as int
        ) as is_sleeping_dog
    from decisions
    inner join scores on decisions.account_id = scores.account_id
    where
        decisions.decision = 'target'
        and (scores.has_observed_outcome or decisions.counts_unobserved_users)
),

final as (
    select
        policy_id,
        account_id,
        avg(is_sleeping_dog) as sleeping_dog_share
    from users
    group by policy_id, account_id, toxic_user_share_limit, min_toxic_users
    having avg(is_sleeping_dog) > toxic_user_share_limit and sum(is_sleeping_dog) >= min_toxic_users
)

select * from final
