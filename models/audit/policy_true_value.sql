with users as (
    select * from {{ ref('int_audit__users') }}
),

decisions as (
    select * from {{ ref('account_policy') }}
),

true_lifts as (
    select
        campaign_id,
        policy_id,
        account_id,
        {{ exact_sum('true_lift', filter='is_nudged_in_target') }} as true_lift,
        {{ exact_sum('true_lift') }} as true_lift_of_everybody
    from users
    group by 1, 2, 3
),

accounts as (
    select
        decisions.population,
        decisions.policy_id,
        decisions.decision = 'target' as is_target,
        decisions.net_value_usd,
        coalesce(true_lifts.true_lift, 0.0) * decisions.value_per_conversion_usd - decisions.cost_usd as true_net_value_usd,
        true_lifts.true_lift_of_everybody * decisions.value_per_conversion_usd - decisions.cost_of_everybody_usd
            as true_net_value_of_everybody_usd
    from decisions
    inner join true_lifts using (campaign_id, policy_id, account_id)
),

final as (
    select
        population,
        policy_id,
        count(*) filter (where is_target) as n_target_accounts,
        coalesce({{ exact_sum_usd('net_value_usd', filter='is_target') }}, 0.0) as expected_net_value_usd,
        coalesce({{ exact_sum_usd('true_net_value_usd', filter='is_target') }}, 0.0) as true_net_value_usd,
        coalesce({{ exact_sum_usd('true_net_value_of_everybody_usd') }}, 0.0) as true_net_value_of_everybody_usd
    from accounts
    group by 1, 2
)

select * from final
