with candidates as (
    select
        *,
        coalesce({{ safe_divide('spend_usd', 'budget_usd') }}, 0.0)
        + coalesce({{ safe_divide('success_hours', 'success_hours_limit') }}, 0.0) as used_share
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
        coalesce(sum({{ millionths('spend_usd') }}) over so_far / 1e6 <= budget_usd, true)
        and coalesce(sum({{ millionths('success_hours') }}) over so_far / 1e6 <= success_hours_limit, true)
            as is_chosen_greedily
    from ranked
    window so_far as (partition by scenario_id, policy_id order by greedy_rank)
)

select * from final
