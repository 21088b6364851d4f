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
        cast({{ sum_int('cast(round(100 * log.reward_usd) as bigint)') }} / 100.0 as double) as reward_usd
    from log
    left join contexts on log.user_id = contexts.user_id
    group by 1
)

select * from final
