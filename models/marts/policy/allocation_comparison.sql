with candidates as (
    select * from {{ ref('int_policy__allocation_greedy') }}
),

optimum as (
    select * from {{ ref('int_policy__allocation_optimum') }}
),

limits as (
    {{ gated(ref('allocation_limits')) }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

chosen as (
    select candidates.*, 'greedy' as rule
    from candidates
    where candidates.is_chosen_greedily
    union all
    select candidates.*, 'optimum' as rule
    from candidates
    inner join optimum
        on
            candidates.scenario_id = optimum.scenario_id
            and candidates.policy_id = optimum.policy_id
            and candidates.account_id = optimum.account_id
    where optimum.is_chosen
),

totals as (
    select
        scenario_id,
        policy_id,
        rule,
        count(*) as n_accounts,
        {{ exact_sum_usd('net_value_usd') }} as net_value_usd,
        {{ exact_sum_usd('spend_usd') }} as spend_usd,
        {{ exact_sum_usd('success_hours') }} as success_hours
    from chosen
    group by 1, 2, 3
),

bounds as (
    select
        scenario_id,
        policy_id,
        max(upper_bound_usd) as upper_bound_usd
    from optimum
    group by 1, 2
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
        coalesce(bounds.upper_bound_usd, 0.0) as upper_bound_usd,
        round(coalesce(bounds.upper_bound_usd, 0.0) - coalesce(totals.net_value_usd, 0.0), 6) as gap_usd
    from limits
    cross join policies
    cross join (values ('greedy'), ('optimum')) as rules (rule)
    left join totals
        on limits.scenario_id = totals.scenario_id and policies.policy_id = totals.policy_id and rules.rule = totals.rule
    left join bounds on limits.scenario_id = bounds.scenario_id and policies.policy_id = bounds.policy_id
)

select * from final
