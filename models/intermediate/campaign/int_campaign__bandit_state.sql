with log as (
    select * from {{ ref('stg_bandit_log') }}
),

arms as (
    select * from {{ ref('bandit_arms') }}
),

-- Cents, so that the sums do not depend on the order of addition.
final as (
    select
        segments.segment,
        arms.arm,
        count(log.user_id) as n_decisions,
        coalesce({{ sum_int('cast(round(100 * log.reward_usd) as bigint)') }}, 0) / 100.0 as sum_reward_usd
    from (values ('low_lift'), ('middle_lift'), ('high_lift')) as segments (segment)
    cross join arms
    left join log on segments.segment = log.segment and arms.arm = log.arm
    group by 1, 2
)

select * from final
