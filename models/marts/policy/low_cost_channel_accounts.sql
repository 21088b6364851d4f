with decisions as (
    select
        decisions.*,
        gate.build_id
    from {{ ref('int_policy__account_decisions') }} as decisions
    cross join {{ ref('int_build__publication_gate') }} as gate
),

final as (
    select
        account_id,
        policy_id,
        'email' as recommended_channel,
        expected_revenue_usd,
        cost_usd,
        net_value_usd,
        n_scored_users,
        build_id
    from decisions
    where population = 'today' and is_shipped and decision = 'suppress_too_small' and expected_revenue_usd > 0
)

select * from final
