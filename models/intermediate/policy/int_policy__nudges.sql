with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

final as (
    select
        scores.user_id,
        scores.account_id,
        decisions.policy_id,
        scores.lift,
        scores.lift_lower,
        scores.lift_upper,
        round(scores.lift * decisions.value_per_conversion_usd, 6) as expected_revenue_usd
    from decisions
    inner join scores on decisions.account_id = scores.account_id
    where
        decisions.decision = 'target'
        and scores.lift > 0
        and scores.lift >= decisions.sleeping_dog_lift_threshold
        and (decisions.counts_unobserved_users or scores.has_observed_outcome)
)

select * from final
