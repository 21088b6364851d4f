with decisions as (
    select
        decisions.*,
        gate.build_id
    from {{ ref('int_policy__account_decisions') }} as decisions
    cross join {{ ref('int_build__publication_gate') }} as gate
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
        decisions.n_nudged_users,
        decisions.build_id
    from decisions
    where decisions.population = 'today' and decisions.is_shipped and decisions.decision = 'target'
)

select * from final
