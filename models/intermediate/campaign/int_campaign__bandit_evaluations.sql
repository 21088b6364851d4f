with log as (
    select * from {{ ref('int_campaign__bandit_folded_log') }}
),

policies as (
    select * from {{ ref('int_campaign__bandit_evaluated_policies') }}
),

values_of_policies as (
    select
        evaluated_policy,
        reward_fold,
        segment,
        sum(probability * predicted_reward_usd) as predicted_reward_usd
    from policies
    group by 1, 2, 3
),

final as (
    select
        policies.evaluated_policy,
        log.account_id as cluster_id,
        log.propensity,
        log.reward_usd as reward,
        cast(policies.probability as double) as evaluation_probability,
        policies.predicted_reward_usd as predicted_reward_of_decision,
        values_of_policies.predicted_reward_usd as predicted_reward_of_policy
    from log
    inner join policies
        on log.reward_fold = policies.reward_fold and log.segment = policies.segment and log.arm = policies.arm
    inner join values_of_policies
        on
            policies.evaluated_policy = values_of_policies.evaluated_policy
            and log.reward_fold = values_of_policies.reward_fold
            and log.segment = values_of_policies.segment
)

select * from final
