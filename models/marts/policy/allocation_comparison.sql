with allocation as (
    select * from {{ ref('account_allocation') }}
),

bounds as (
    select
        scenario_id,
        policy_id,
        max(upper_bound_usd) as upper_bound_usd
    from {{ ref('int_allocation__optimum') }}
    group by 1, 2
),

limits as (
    select * from {{ ref('allocation_limits') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

-- Millionths, so that the sums do not depend on the order of addition.
totals as (
    select
        scenario_id,
        policy_id,
        count(*) as n_candidates,
        count(*) filter (where is_chosen_greedily) as n_greedy,
        count(*) filter (where is_chosen_optimally) as n_optimal,
        {% for measure in ['net_value_usd', 'spend_usd', 'success_hours'] %}
        coalesce({{ sum_int('case when is_chosen_greedily then cast(round(' ~ measure ~ ' * 1e6) as bigint) end') }}, 0) / 1e6
            as greedy_{{ measure }},
        coalesce({{ sum_int('case when is_chosen_optimally then cast(round(' ~ measure ~ ' * 1e6) as bigint) end') }}, 0) / 1e6
            as optimal_{{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from allocation
    group by 1, 2
),

final as (
    select
        limits.scenario_id,
        policies.policy_id,
        limits.budget_usd,
        limits.success_hours_limit,
        coalesce(totals.n_candidates, 0) as n_candidates,
        coalesce(totals.n_greedy, 0) as n_greedy,
        coalesce(totals.greedy_net_value_usd, 0.0) as greedy_net_value_usd,
        coalesce(totals.greedy_spend_usd, 0.0) as greedy_spend_usd,
        coalesce(totals.greedy_success_hours, 0.0) as greedy_success_hours,
        coalesce(totals.n_optimal, 0) as n_optimal,
        coalesce(totals.optimal_net_value_usd, 0.0) as optimal_net_value_usd,
        coalesce(totals.optimal_spend_usd, 0.0) as optimal_spend_usd,
        coalesce(totals.optimal_success_hours, 0.0) as optimal_success_hours,
        coalesce(bounds.upper_bound_usd, 0.0) as upper_bound_usd,
        round(coalesce(totals.optimal_net_value_usd - totals.greedy_net_value_usd, 0.0), 6) as gain_over_greedy_usd,
        round({{ safe_divide('totals.optimal_net_value_usd', 'totals.greedy_net_value_usd') }} - 1, 9) as gain_over_greedy_share,
        round(coalesce(bounds.upper_bound_usd - totals.optimal_net_value_usd, 0.0), 6) as optimality_gap_usd
    from limits
    cross join policies
    left join totals on limits.scenario_id = totals.scenario_id and policies.policy_id = totals.policy_id
    left join bounds on limits.scenario_id = bounds.scenario_id and policies.policy_id = bounds.policy_id
)

select * from final
