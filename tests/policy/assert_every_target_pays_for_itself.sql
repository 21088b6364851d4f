-- POL-05: No targeted account loses money or is too small to decide upon: its lift is worth more than it costs to nudge, priced
-- risk included, and it has enough scored users. Added up anew from the scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

final as (
    select
        decisions.policy_id,
        decisions.account_id
    from decisions
    left join scores
        on
            decisions.account_id = scores.account_id
            and (scores.has_observed_outcome or decisions.counts_unobserved_users)
    where decisions.decision = 'target'
    group by
        decisions.policy_id,
        decisions.account_id,
        decisions.value_per_conversion_usd,
        decisions.expected_churn_cost_usd,
        decisions.cost_per_account_usd,
        decisions.cost_per_nudge_usd,
        decisions.min_scored_users
    having
        count(scores.lift) < decisions.min_scored_users
        or coalesce(sum(scores.lift), 0) * decisions.value_per_conversion_usd
        <= decisions.cost_per_account_usd
        + decisions.cost_per_nudge_usd * count(scores.user_id)
        + decisions.expected_churn_cost_usd
)

select * from final
