with account_totals as (
    select * from {{ ref('int_policy__account_totals') }}
),

picks as (
    select * from {{ ref('int_policy__picks') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

users as (
    select * from {{ ref('int_guardrails__users') }}
),

gate as (
    select * from {{ ref('int_policy__publication_gate') }}
),

nudges_by_account as (
    select
        nudges.policy_id,
        nudges.account_id,
        count(*) as n_nudged_users,
        count(*) filter (where users.is_sleeping_dog) as n_nudged_sleeping_dogs
    from nudges
    inner join users on nudges.policy_id = users.policy_id and nudges.user_id = users.user_id
    group by 1, 2
),

picked as (
    select
        picks.strategy,
        account_totals.*,
        case
            when picks.strategy = picks.policy_id then coalesce(nudges_by_account.n_nudged_users, 0)
            else account_totals.n_users
        end as n_nudged_users,
        case
            when picks.strategy = picks.policy_id then coalesce(nudges_by_account.n_nudged_sleeping_dogs, 0)
            else account_totals.n_sleeping_dogs
        end as n_nudged_sleeping_dogs
    from picks
    inner join account_totals
        on picks.policy_id = account_totals.policy_id and picks.account_id = account_totals.account_id
    left join nudges_by_account
        on picks.policy_id = nudges_by_account.policy_id and picks.account_id = nudges_by_account.account_id
),

totals as (
    select
        policy_id,
        strategy,
        count(*) as n_accounts,
        {{ sum_int('n_nudged_users') }} as n_nudged_users,
        round(sum(sum_lift), 6) as expected_conversions,
        round(sum(expected_revenue_usd), 6) as expected_revenue_usd,
        round(sum(cost_usd), 6) as cost_usd,
        round(sum(net_value_usd), 6) as net_value_usd,
        coalesce({{ sum_int('n_sleeping_dog_admins') }}, 0) as n_admins_at_risk,
        coalesce({{ sum_int('n_nudged_sleeping_dogs') }}, 0) as n_sleeping_dogs_nudged
    from picked
    group by 1, 2
),

strategies as (
    select distinct
        account_totals.policy_id,
        strategy.strategy
    from account_totals
    cross join (values ('nobody'), ('everybody'), ('response_model'), ('lift_only'), (null)) as strategy (strategy)
),

final as (
    select
        strategies.policy_id,
        coalesce(strategies.strategy, strategies.policy_id) as strategy,
        coalesce(totals.n_accounts, 0) as n_accounts,
        coalesce(totals.n_nudged_users, 0) as n_nudged_users,
        coalesce(totals.expected_conversions, 0.0) as expected_conversions,
        coalesce(totals.expected_revenue_usd, 0.0) as expected_revenue_usd,
        coalesce(totals.cost_usd, 0.0) as cost_usd,
        coalesce(totals.net_value_usd, 0.0) as net_value_usd,
        coalesce(totals.n_admins_at_risk, 0) as n_admins_at_risk,
        coalesce(totals.n_sleeping_dogs_nudged, 0) as n_sleeping_dogs_nudged
    from strategies
    cross join gate
    left join totals
        on
            strategies.policy_id = totals.policy_id
            and coalesce(strategies.strategy, strategies.policy_id) = totals.strategy
)

select * from final
