with rewards as (
    select
        *,
        row_number() over (
            partition by reward_fold, segment order by predicted_reward_usd desc, arm asc
        ) as reward_rank,
        count(*) over (partition by reward_fold, segment) as n_arms
    from {{ ref('int_campaign__bandit_predicted_rewards') }}
),

policies as (
    select arm as evaluated_policy from {{ ref('bandit_arms') }}
    union all
    select policies.evaluated_policy from (values ('uniform'), ('best_by_segment')) as policies (evaluated_policy)
),

final as (
    select
        policies.evaluated_policy,
        rewards.reward_fold,
        rewards.segment,
        rewards.arm,
        rewards.predicted_reward_usd,
        case policies.evaluated_policy
            when 'uniform' then 1.0 / rewards.n_arms
            when 'best_by_segment' then cast(rewards.reward_rank = 1 as int)
            else cast(policies.evaluated_policy = rewards.arm as int)
        end as probability
    from policies
    cross join rewards
)

select * from final
