{#-
    Off-policy evaluation of any log of decisions whose probabilities are known: what another policy would have earned a decision, by the
    direct method, inverse propensity scores (Horvitz and Thompson, 1952), their self-normalised form (Swaminathan and Joachims, 2015)
    and doubly robust scores (Dudik, Langford and Li, 2011). Intervals are at 95%, clustered. `relation` has a row a decision and
    evaluated policy: evaluated_policy, cluster_id, propensity, reward, evaluation_probability (of the logged decision under the
    policy), predicted_reward_of_decision and predicted_reward_of_policy (both zero without a model of rewards).
-#}
{% macro off_policy_estimates(relation) -%}
    with decisions as (
        select
            *,
            evaluation_probability / propensity as weight
        from {{ relation }}
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

    totals as (
        select
            evaluated_policy,
            {{ sum_int('n') }} as n,
            sum(weight) as weight,
            sum(weight) * sum(weight) / nullif(sum(squared_weight), 0) as effective_n,
            sum(weighted_reward) as weighted_reward,
            sum(predicted_reward) as predicted_reward,
            sum(doubly_robust_reward) as doubly_robust_reward
        from clusters
        group by 1
    ),

    estimates as (
        select
            totals.*,
            estimators.estimator,
            case estimators.estimator
                when 'direct' then predicted_reward / n
                when 'ips' then weighted_reward / n
                when 'snips' then weighted_reward / nullif(weight, 0)
                when 'dr' then doubly_robust_reward / n
            end as estimate
        from totals
        cross join (values ('direct'), ('ips'), ('snips'), ('dr')) as estimators (estimator)
    ),

    -- How far each cluster alone moves the estimate.
    influences as (
        select
            estimates.evaluated_policy,
            estimates.estimator,
            sum(power(
                case estimates.estimator
                    when 'direct' then clusters.predicted_reward - clusters.n * estimates.estimate
                    when 'ips' then clusters.weighted_reward - clusters.n * estimates.estimate
                    when 'snips' then
                        (clusters.weighted_reward - clusters.weight * estimates.estimate) * estimates.n / nullif(estimates.weight, 0)
                    when 'dr' then clusters.doubly_robust_reward - clusters.n * estimates.estimate
                end, 2
            )) as squares
        from estimates
        inner join clusters on estimates.evaluated_policy = clusters.evaluated_policy
        group by 1, 2
    ),

    final as (
        select
            estimates.evaluated_policy,
            estimates.estimator,
            estimates.n as n_decisions,
            round(estimates.effective_n, 6) as effective_n_decisions,
            round(estimates.estimate, 9) as estimate,
            round(sqrt(influences.squares) / estimates.n, 9) as standard_error,
            round(estimates.estimate - 1.959963985 * sqrt(influences.squares) / estimates.n, 9) as lower_95,
            round(estimates.estimate + 1.959963985 * sqrt(influences.squares) / estimates.n, 9) as upper_95
        from estimates
        inner join influences
            on estimates.evaluated_policy = influences.evaluated_policy and estimates.estimator = influences.estimator
    )

    select * from final
{%- endmacro %}
