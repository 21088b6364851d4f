with candidates as (
    {{ gated(ref('int_policy__allocation_greedy')) }}
),

optimum as (
    select * from {{ ref('int_policy__allocation_optimum') }}
),

final as (
    select
        candidates.scenario_id,
        candidates.policy_id,
        candidates.account_id,
        candidates.net_value_usd,
        candidates.spend_usd,
        candidates.success_hours,
        candidates.greedy_rank,
        candidates.is_chosen_greedily,
        optimum.is_chosen as is_chosen_optimally
    from candidates
    inner join optimum using (scenario_id, policy_id, account_id)
)

select * from final
