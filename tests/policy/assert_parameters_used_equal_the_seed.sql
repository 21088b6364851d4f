-- POL-13: The parameters recorded with every decision are the seed's, and revenue and cost follow from them. A blank threshold is
-- one of the candidates; for a blank value see POL-21. Measured revenue replaces a fixed value per conversion.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

thresholds as (
    select * from {{ ref('sleeping_dog_thresholds') }}
),

scale as (
    select * from {{ ref('int_uplift__outcome_scale') }}
),

final as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id
    from decisions
    left join policies on decisions.policy_id = policies.policy_id
    cross join scale
    left join thresholds on decisions.sleeping_dog_lift_threshold = thresholds.sleeping_dog_lift_threshold
    where
        (
            decisions.is_shipped,
            decisions.value_per_conversion_usd,
            decisions.cost_per_account_usd,
            decisions.cost_per_nudge_usd,
            decisions.sleeping_dog_lift_threshold,
            decisions.harm_confidence,
            decisions.toxic_user_share_limit,
            decisions.min_toxic_users,
            decisions.min_scored_users,
            decisions.counts_unobserved_users,
            decisions.nudges_everybody
        ) is distinct from (
            policies.is_shipped,
            case
                when policies.value_per_conversion_usd is null then decisions.value_per_conversion_usd
                else coalesce(scale.value_per_conversion_usd, policies.value_per_conversion_usd)
            end,
            policies.cost_per_account_usd,
            policies.cost_per_nudge_usd,
            coalesce(policies.sleeping_dog_lift_threshold, thresholds.sleeping_dog_lift_threshold),
            policies.harm_confidence,
            policies.toxic_user_share_limit,
            policies.min_toxic_users,
            policies.min_scored_users,
            policies.counts_unobserved_users,
            policies.nudges_everybody
        )
        or abs(decisions.expected_revenue_usd - decisions.sum_lift * decisions.value_per_conversion_usd) > 1e-5
        or abs(
            decisions.cost_usd
            - policies.cost_per_account_usd
            - policies.cost_per_nudge_usd * decisions.n_nudged_users
            - decisions.expected_churn_cost_usd
        ) > 1e-6
        or (policies.value_per_conversion_usd is not null and decisions.expected_churn_cost_usd <> 0)
)

select * from final
