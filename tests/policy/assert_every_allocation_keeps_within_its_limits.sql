-- POL-22: No allocation exceeds its scenario's budget or customer-success hours, none includes a non-target, and the optimum is
-- worth no less than the greedy choice and no more than its bound. Recomputed from decisions.
with candidates as (
    select * from {{ ref('int_policy__allocation_greedy') }}
),

optimum as (
    select * from {{ ref('int_policy__allocation_optimum') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today'
),

accounts as (
    select * from {{ ref('int_policy__account_values') }}
),

limits as (
    select * from {{ ref('allocation_limits') }}
),

chosen as (
    select
        scenario_id,
        policy_id,
        account_id,
        'greedy' as rule,
        cast(null as double) as upper_bound_usd
    from candidates
    where is_chosen_greedily
    union all
    select
        scenario_id,
        policy_id,
        account_id,
        'optimum' as rule,
        upper_bound_usd
    from optimum
    where is_chosen
),

totals as (
    select
        chosen.scenario_id,
        chosen.policy_id,
        chosen.rule,
        max(chosen.upper_bound_usd) as upper_bound_usd,
        count(*) filter (where decisions.decision = 'target') = count(*) as has_targets_only,
        sum(decisions.net_value_usd) as net_value_usd,
        sum(decisions.cost_per_account_usd + decisions.cost_per_nudge_usd * decisions.n_nudged_users) as spend_usd,
        sum(accounts.success_hours) as success_hours
    from chosen
    left join decisions on chosen.policy_id = decisions.policy_id and chosen.account_id = decisions.account_id
    left join accounts on chosen.account_id = accounts.account_id
    group by 1, 2, 3
),

final as (
    select totals.*
    from totals
    left join totals as greedy
        on totals.scenario_id = greedy.scenario_id and totals.policy_id = greedy.policy_id and greedy.rule = 'greedy'
    left join limits on totals.scenario_id = limits.scenario_id
    where
        limits.scenario_id is null
        or not totals.has_targets_only
        or totals.spend_usd > limits.budget_usd + 1e-5
        or totals.success_hours > limits.success_hours_limit + 1e-5
        or (totals.rule = 'optimum' and totals.net_value_usd < coalesce(greedy.net_value_usd, 0) - 1e-4)
        or totals.net_value_usd > totals.upper_bound_usd + 1e-4
)

select * from final
