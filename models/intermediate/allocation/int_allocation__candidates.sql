with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where decision = 'target'
),

accounts as (
    select * from {{ ref('int_value__accounts') }}
),

limits as (
    select * from {{ ref('allocation_limits') }}
),

-- The risk of churn is part of what an account is worth, but nothing is paid for it now.
candidates as (
    select
        limits.scenario_id,
        decisions.policy_id,
        decisions.account_id,
        decisions.net_value_usd,
        round(decisions.cost_usd - decisions.expected_churn_cost_usd, 6) as spend_usd,
        coalesce(accounts.success_hours, 0.0) as success_hours,
        limits.budget_usd,
        limits.success_hours_limit
    from decisions
    inner join accounts on decisions.account_id = accounts.account_id
    cross join limits
),

-- The greedy rule: by value per share of the limits that the account uses up.
ranked as (
    select
        *,
        row_number() over (
            partition by scenario_id, policy_id
            order by
                round({{ safe_divide(
                    'net_value_usd',
                    'coalesce(spend_usd / nullif(budget_usd, 0), 0.0) + coalesce(success_hours / nullif(success_hours_limit, 0), 0.0)'
                ) }}, 6) desc nulls first,
                net_value_usd desc,
                account_id asc
        ) as greedy_rank
    from candidates
),

-- Millionths, so that the running sum does not depend on the order of addition.
cumulated as (
    select
        *,
        sum(cast(round(spend_usd * 1e6) as bigint)) over so_far / 1e6 as cumulative_spend_usd,
        sum(cast(round(success_hours * 1e6) as bigint)) over so_far / 1e6 as cumulative_success_hours
    from ranked
    window so_far as (partition by scenario_id, policy_id order by greedy_rank)
),

final as (
    select
        scenario_id,
        policy_id,
        account_id,
        net_value_usd,
        spend_usd,
        success_hours,
        budget_usd,
        success_hours_limit,
        cast(greedy_rank as bigint) as greedy_rank,
        coalesce(cumulative_spend_usd <= budget_usd, true)
        and coalesce(cumulative_success_hours <= success_hours_limit, true) as is_chosen_greedily
    from cumulated
)

select * from final
