with log as (
    select
        *,
        {{ hash_bucket('account_id', 2, "'reward fold'") }} as reward_fold
    from {{ ref('stg_bandit_log') }}
),

arms as (
    select * from {{ ref('bandit_arms') }}
),

-- Each half of the accounts is predicted from the other, and an arm unseen in the other's segment by the segment's mean.
predicted as (
    select
        1 - log.reward_fold as reward_fold,
        log.segment,
        arms.arm,
        round(coalesce(avg(log.reward_usd) filter (where log.arm = arms.arm), avg(log.reward_usd)), 9) as predicted_reward_usd
    from log
    cross join arms
    group by 1, 2, 3
),

rewards as (
    select
        *,
        row_number() over (
            partition by reward_fold, segment order by predicted_reward_usd desc, arm asc
        ) as reward_rank,
        count(*) over (partition by reward_fold, segment) as n_arms
    from predicted
),

policies as (
    select arm as evaluated_policy from arms
    union all
    select policies.evaluated_policy from (values ('uniform'), ('best_by_segment')) as policies (evaluated_policy)
),

choices as (
    select
        policies.evaluated_policy,
        rewards.reward_fold,
        rewards.segment,
        rewards.arm,
        rewards.predicted_reward_usd,
        cast(case policies.evaluated_policy
            when 'uniform' then 1.0 / rewards.n_arms
            when 'best_by_segment' then cast(rewards.reward_rank = 1 as int)
            else cast(policies.evaluated_policy = rewards.arm as int)
        end as double) as probability
    from policies
    cross join rewards
),

values_of_policies as (
    select
        evaluated_policy,
        reward_fold,
        segment,
        {{ exact_sum('probability * predicted_reward_usd') }} as predicted_reward_usd
    from choices
    group by 1, 2, 3
),

final as (
    select
        choices.evaluated_policy,
        log.account_id as cluster_id,
        log.propensity,
        log.reward_usd as reward,
        choices.probability as evaluation_probability,
        choices.predicted_reward_usd as predicted_reward_of_decision,
        values_of_policies.predicted_reward_usd as predicted_reward_of_policy
    from log
    inner join choices using (reward_fold, segment, arm)
    inner join values_of_policies using (evaluated_policy, reward_fold, segment)
)

select * from final
