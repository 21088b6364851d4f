with users as (
    select * from {{ ref('int_audit__users') }}
),

decisions as (
    select * from {{ ref('account_policy') }}
),

true_lifts as (
    select
        policy_id,
        account_id,
        sum(true_lift) as true_lift,
        coalesce(sum(true_lift) filter (where is_nudged), 0) as true_lift_of_nudges,
        count(*) filter (where is_nudged) as n_nudges
    from users
    group by 1, 2
),

accounts as (
    select
        decisions.policy_id,
        decisions.decision = 'target' as is_target,
        decisions.net_value_usd,
        true_lifts.true_lift * decisions.value_per_conversion_usd - decisions.cost_usd as true_net_value_usd,
        true_lifts.true_lift_of_nudges * decisions.value_per_conversion_usd
        - decisions.cost_per_account_usd
        - decisions.cost_per_nudge_usd * true_lifts.n_nudges
        - decisions.expected_churn_cost_usd as true_net_value_of_nudges_usd
    from decisions
    inner join true_lifts on decisions.policy_id = true_lifts.policy_id and decisions.account_id = true_lifts.account_id
),

final as (
    select
        policy_id,
        count(*) filter (where is_target) as n_target_accounts,
        coalesce(round(sum(net_value_usd) filter (where is_target), 6), 0.0) as expected_net_value_usd,
        coalesce(round(sum(true_net_value_usd) filter (where is_target), 6), 0.0) as true_net_value_usd,
        coalesce(round(sum(true_net_value_of_nudges_usd) filter (where is_target), 6), 0.0) as true_net_value_of_nudges_usd,
        coalesce(round(sum(true_net_value_usd), 6), 0.0) as true_net_value_of_everybody_usd
    from accounts
    group by 1
)

select * from final
