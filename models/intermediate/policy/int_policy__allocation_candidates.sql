{{ config(materialized='view') }}

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

-- The risk of churn is part of what an account is worth, but nothing is paid for it now.
final as (
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
)

select * from final
