with decisions as (
    select * from {{ ref('account_policy') }}
),

nudges as (
    select * from {{ ref('nudge_list') }}
),

nudges_by_account as (
    select
        account_id,
        count(*) as n_nudged_users
    from nudges
    group by 1
),

final as (
    select
        decisions.account_id,
        decisions.policy_id,
        cast(row_number() over (order by decisions.net_value_usd desc, decisions.account_id asc) as bigint) as value_rank,
        decisions.net_value_usd,
        decisions.expected_revenue_usd,
        decisions.cost_usd,
        decisions.n_scored_users,
        coalesce(nudges_by_account.n_nudged_users, 0) as n_nudged_users,
        decisions.build_id
    from decisions
    left join nudges_by_account on decisions.account_id = nudges_by_account.account_id
    where decisions.population = 'today' and decisions.is_shipped and decisions.decision = 'target'
)

select * from final
