with candidates as (
    select
        *,
        coalesce(spend_usd / nullif(budget_usd, 0), 0.0)
        + coalesce(success_hours / nullif(success_hours_limit, 0), 0.0) as used_share
    from {{ ref('int_policy__allocation_candidates') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by scenario_id, policy_id
            order by
                round({{ safe_divide('net_value_usd', 'used_share') }}, 6) desc nulls first, net_value_usd desc, account_id asc
        ) as greedy_rank
    from candidates
),

-- Millionths, so that the running sum does not depend on the order of addition.
final as (
    select
        scenario_id,
        policy_id,
        account_id,
        net_value_usd,
        spend_usd,
        success_hours,
        budget_usd,
        success_hours_limit,
        cast(greedy_rank as bigint) as greedy_rank,
        coalesce(sum(cast(round(spend_usd * 1e6) as bigint)) over so_far / 1e6 <= budget_usd, true)
        and coalesce(sum(cast(round(success_hours * 1e6) as bigint)) over so_far / 1e6 <= success_hours_limit, true)
            as is_chosen_greedily
    from ranked
    window so_far as (partition by scenario_id, policy_id order by greedy_rank)
)

select * from final
