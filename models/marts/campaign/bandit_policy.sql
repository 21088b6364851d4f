with state as (
    select * from {{ ref('int_campaign__bandit_state') }}
),

last_round as (
    select
        segment,
        arm,
        max(propensity) as propensity
    from {{ ref('stg_bandit_log') }}
    where round_number = (select max(latest.round_number) from {{ ref('stg_bandit_log') }} as latest)
    group by 1, 2
),

final as (
    select
        state.segment,
        state.arm,
        state.n_decisions,
        state.sum_reward_usd,
        round({{ safe_divide('state.sum_reward_usd', 'state.n_decisions') }}, 6) as mean_reward_usd,
        last_round.propensity as last_propensity
    from state
    left join last_round on state.segment = last_round.segment and state.arm = last_round.arm
)

select * from final
