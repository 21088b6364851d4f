-- POL-03: No targeted account has more predicted Sleeping Dogs than the policy tolerates. Counted anew from the scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

final as (
    select
        decisions.policy_id,
        decisions.account_id,
        avg(cast(scores.lift < decisions.sleeping_dog_lift_threshold as int)) as sleeping_dog_share
    from decisions
    inner join scores on decisions.account_id = scores.account_id
    where
        decisions.decision = 'target'
        and (scores.has_observed_outcome or decisions.counts_unobserved_users)
    group by decisions.policy_id, decisions.account_id, decisions.toxic_user_share_limit
    having avg(cast(scores.lift < decisions.sleeping_dog_lift_threshold as int)) > decisions.toxic_user_share_limit
)

select * from final
