with candidates as (
    select
        greedy.*,
        optimum.is_chosen as is_chosen_optimally,
        optimum.upper_bound_usd
    from {{ ref('int_policy__allocation_greedy') }} as greedy
    inner join {{ ref('int_policy__allocation_optimum') }} as optimum using (scenario_id, policy_id, account_id)
),

limits as (
    {{ gated(ref('allocation_limits')) }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

choices as (
    select *, 'greedy' as rule, is_chosen_greedily as is_chosen from candidates
    union all
    select *, 'optimum' as rule, is_chosen_optimally as is_chosen from candidates
),

totals as (
    select
        scenario_id,
        policy_id,
        rule,
        max(upper_bound_usd) as upper_bound_usd,
        count(*) filter (where is_chosen) as n_accounts,
        {{ exact_sum_usd('net_value_usd', filter='is_chosen') }} as net_value_usd,
        {{ exact_sum_usd('spend_usd', filter='is_chosen') }} as spend_usd,
        {{ exact_sum_usd('success_hours', filter='is_chosen') }} as success_hours
    from choices
    group by 1, 2, 3
),

final as (
    select
        limits.scenario_id,
        policies.policy_id,
        rules.rule,
        limits.budget_usd,
        limits.success_hours_limit,
        coalesce(totals.n_accounts, 0) as n_accounts,
        coalesce(totals.net_value_usd, 0.0) as net_value_usd,
        coalesce(totals.spend_usd, 0.0) as spend_usd,
        coalesce(totals.success_hours, 0.0) as success_hours,
        coalesce(totals.upper_bound_usd, 0.0) as upper_bound_usd,
        round(coalesce(totals.upper_bound_usd, 0.0) - coalesce(totals.net_value_usd, 0.0), 6) as gap_usd
    from limits
    cross join policies
    cross join (values ('greedy'), ('optimum')) as rules (rule)
    left join totals
        on limits.scenario_id = totals.scenario_id and policies.policy_id = totals.policy_id and rules.rule = totals.rule
)

select * from final
