with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

users as (
    select * from {{ ref('int_guardrails__users') }}
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
        {{ dollars('scores.lift', 'decisions.value_per_conversion_usd') }} as expected_revenue_usd
    from decisions
    inner join users on decisions.policy_id = users.policy_id and decisions.account_id = users.account_id
    inner join scores on users.user_id = scores.user_id
    where
        decisions.decision = 'target'
        and users.lift > 0
        and not users.is_sleeping_dog
)

select * from final
