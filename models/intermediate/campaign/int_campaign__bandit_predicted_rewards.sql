with log as (
    select * from {{ ref('int_campaign__bandit_folded_log') }}
),

arms as (
    select * from {{ ref('bandit_arms') }}
),

segments as (
    select
        1 - reward_fold as reward_fold,
        segment,
        avg(reward_usd) as mean_reward_usd
    from log
    group by 1, 2
),

arm_rewards as (
    select
        1 - reward_fold as reward_fold,
        segment,
        arm,
        avg(reward_usd) as mean_reward_usd
    from log
    group by 1, 2, 3
),

-- An arm that the other half never saw in the segment is predicted like the segment.
final as (
    select
        segments.reward_fold,
        segments.segment,
        arms.arm,
        round(coalesce(arm_rewards.mean_reward_usd, segments.mean_reward_usd), 9) as predicted_reward_usd
    from segments
    cross join arms
    left join arm_rewards
        on
            segments.reward_fold = arm_rewards.reward_fold
            and segments.segment = arm_rewards.segment
            and arms.arm = arm_rewards.arm
)

select * from final
