with log as (
    select * from {{ ref('stg_bandit_log') }}
),

contexts as (
    select * from {{ ref('int_campaign__bandit_contexts') }}
),

final as (
    select
        log.round_number,
        count(*) as n_decisions,
        count(*) filter (where log.arm <> 'none') as n_nudges,
        count(*) filter (where log.arm <> 'none' and coalesce(contexts.is_held_back, true)) as n_nudges_held_back,
        min(log.propensity) as min_propensity,
        {{ exact_sum_usd('log.reward_usd') }} as reward_usd
    from log
    left join contexts on log.user_id = contexts.user_id
    group by 1
)

select * from final
