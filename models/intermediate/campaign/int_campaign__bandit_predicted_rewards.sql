with log as (
    select * from {{ ref('int_campaign__bandit_folded_log') }}
),

arms as (
    select * from {{ ref('bandit_arms') }}
),

-- An arm unseen in the other half's segment gets the segment's mean.
final as (
    select
        1 - log.reward_fold as reward_fold,
        log.segment,
        arms.arm,
        round(coalesce(avg(log.reward_usd) filter (where log.arm = arms.arm), avg(log.reward_usd)), 9) as predicted_reward_usd
    from log
    cross join arms
    group by 1, 2, 3
)

select * from final
