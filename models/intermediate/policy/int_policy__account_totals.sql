with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

-- P(conversion given features) of a response model, by the law of total probability over the two arms.
responses as (
    select
        account_id,
        sum(propensity * p_treated + (1 - propensity) * p_control) as expected_responses
    from scores
    group by 1
),

targets as (
    select
        policy_id,
        count(*) filter (where decision = 'target') as n_targets
    from decisions
    group by 1
),

final as (
    select
        decisions.policy_id,
        decisions.account_id,
        decisions.n_users,
        decisions.n_sleeping_dogs,
        decisions.n_sleeping_dog_admins,
        decisions.sum_lift,
        decisions.value_per_conversion_usd,
        decisions.expected_revenue_usd,
        decisions.cost_usd,
        decisions.net_value_usd,
        decisions.decision = 'target' as is_target,
        targets.n_targets,
        row_number() over (
            partition by decisions.policy_id
            order by round(responses.expected_responses, 6) desc nulls last, decisions.account_id asc
        ) as response_rank
    from decisions
    inner join targets on decisions.policy_id = targets.policy_id
    left join responses on decisions.account_id = responses.account_id
)

select * from final
