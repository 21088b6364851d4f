with decisions as (
    {{ gated(ref('int_policy__account_decisions')) }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

steps as (
    select
        precedence,
        decision
    from rules
    union all
    select
        max(precedence) + 1 as precedence,
        'target' as decision
    from rules
),

counted as (
    select
        population,
        policy_id,
        decision,
        count(*) as n_accounts,
        {{ sum_int('n_scored_users') }} as n_scored_users,
        {{ exact_sum_usd('net_value_usd') }} as net_value_usd,
        {{ exact_sum('expected_admins_harmed') }} as expected_admins_harmed
    from decisions
    group by 1, 2, 3
),

-- Keep decisions without accounts, so that every build's funnel has the same rows.
final as (
    select
        populations.population,
        policies.policy_id,
        steps.precedence,
        steps.decision,
        coalesce(counted.n_accounts, 0) as n_accounts,
        coalesce(counted.n_scored_users, 0) as n_scored_users,
        coalesce(counted.net_value_usd, 0.0) as net_value_usd,
        coalesce(counted.expected_admins_harmed, 0.0) as expected_admins_harmed,
        cast(sum(coalesce(counted.n_accounts, 0)) over (
            partition by populations.population, policies.policy_id order by steps.precedence desc
        ) as bigint) as n_accounts_entering
    from policies
    cross join (values ('campaign'), ('today')) as populations (population)
    cross join steps
    left join counted using (population, policy_id, decision)
)

select * from final
