with log as (
    select * from {{ ref('stg_bandit_log') }}
),

contexts as (
    select * from {{ ref('int_campaign__bandit_contexts') }}
),

final as (
    select
        log.round_number,
        log.arm,
        count(*) as n_decisions,
        {{ safe_divide('count(*)', 'sum(count(*)) over (partition by log.round_number)') }} as decision_share,
        count(*) filter (where log.arm <> 'none' and coalesce(contexts.is_held_back, true)) as n_nudges_held_back,
        min(log.propensity) as min_propensity,
        {{ exact_sum_usd('log.reward_usd') }} as reward_usd
    from log
    left join contexts on log.user_id = contexts.user_id
    group by 1, 2
)

select * from final
