with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and decision = 'target'
),

accounts as (
    select * from {{ ref('int_policy__account_values') }}
),

limits as (
    select * from {{ ref('allocation_limits') }}
),

-- The risk of churn lowers an account's value, but costs nothing up front.
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

used as (
    select
        *,
        coalesce({{ safe_divide('spend_usd', 'budget_usd') }}, 0.0)
        + coalesce({{ safe_divide('success_hours', 'success_hours_limit') }}, 0.0) as used_share
    from candidates
),

ranked as (
    select
        *,
        cast(row_number() over (
            partition by scenario_id, policy_id
            order by
                round({{ safe_divide('net_value_usd', 'used_share') }}, 6) desc nulls first, net_value_usd desc, account_id asc
        ) as bigint) as greedy_rank
    from used
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
        greedy_rank,
        coalesce(sum({{ millionths('spend_usd') }}) over so_far / 1e6 <= budget_usd, true)
        and coalesce(sum({{ millionths('success_hours') }}) over so_far / 1e6 <= success_hours_limit, true)
            as is_chosen_greedily
    from ranked
    window so_far as (partition by scenario_id, policy_id order by greedy_rank)
)

select * from final
