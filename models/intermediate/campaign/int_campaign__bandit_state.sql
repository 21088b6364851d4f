with log as (
    select * from {{ ref('stg_bandit_log') }}
),

arms as (
    select * from {{ ref('bandit_arms') }}
),

final as (
    select
        segments.segment,
        arms.arm,
        count(log.user_id) as n_decisions,
        coalesce({{ exact_sum_usd('log.reward_usd') }}, 0.0) as sum_reward_usd
    from (values ('low_lift'), ('middle_lift'), ('high_lift')) as segments (segment)
    cross join arms
    left join log on segments.segment = log.segment and arms.arm = log.arm
    group by 1, 2
)

select * from final
