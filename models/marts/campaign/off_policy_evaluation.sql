-- By the direct method, inverse propensity scores (Horvitz and Thompson, 1952), their self-normalised form (Swaminathan and
-- Joachims, 2015) and doubly robust scores (Dudik, Langford and Li, 2011).
with decisions as (
    select
        *,
        evaluation_probability / propensity as weight
    from {{ ref('int_campaign__bandit_evaluations') }}
),

clusters as (
    select
        evaluated_policy,
        cluster_id,
        count(*) as n,
        sum(weight) as weight,
        sum(weight * weight) as squared_weight,
        sum(weight * reward) as weighted_reward,
        sum(predicted_reward_of_policy) as predicted_reward,
        sum(predicted_reward_of_policy + weight * (reward - predicted_reward_of_decision)) as doubly_robust_reward
    from decisions
    group by 1, 2
),

-- Each estimator is the ratio of two sums over clusters.
ratios as (
    select
        clusters.*,
        estimators.estimator,
        case estimators.estimator
            when 'direct' then predicted_reward
            when 'dr' then doubly_robust_reward
            else weighted_reward
        end as numerator,
        case when estimators.estimator = 'snips' then weight else n end as denominator
    from clusters
    cross join (values ('direct'), ('ips'), ('snips'), ('dr')) as estimators (estimator)
),

estimates as (
    select
        *,
        {{ safe_divide(
            'sum(numerator) over (partition by evaluated_policy, estimator)',
            'sum(denominator) over (partition by evaluated_policy, estimator)'
        ) }} as estimate
    from ratios
),

measured as (
    select
        evaluated_policy,
        estimator,
        {{ sum_int('n') }} as n_decisions,
        sum(weight) * sum(weight) / nullif(sum(squared_weight), 0) as effective_n_decisions,
        max(estimate) as estimate,
        -- Where rewards are only predicted, the model's error is unknown.
        case
            when estimator <> 'direct'
                then {{ clustered_error('numerator - denominator * estimate') }} / nullif(sum(denominator), 0)
        end as standard_error
    from estimates
    group by 1, 2
),

final as (
    select
        evaluated_policy,
        estimator,
        n_decisions,
        round(effective_n_decisions, 6) as effective_n_decisions,
        round(estimate, 9) as estimate,
        round(standard_error, 9) as standard_error,
        round(estimate - {{ margin('standard_error') }}, 9) as lower_95,
        round(estimate + {{ margin('standard_error') }}, 9) as upper_95
    from measured
)

select * from final
