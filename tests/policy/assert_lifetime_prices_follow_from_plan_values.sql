-- POL-21: Under a lifetime-value policy, a target's value per conversion and cost of churn follow from its plan's assumptions and
-- the scores of the admins it nudges. Recomputed from accounts and scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
    where value_per_conversion_usd is null
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

plan_values as (
    select * from {{ ref('plan_values') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

targets as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id,
        decisions.value_per_conversion_usd,
        decisions.expected_churn_cost_usd,
        accounts.seat_count,
        plan_values.*,
        coalesce(accounts.annual_recurring_revenue_usd, accounts.seat_count * plan_values.assumed_annual_revenue_per_seat_usd)
        * plan_values.gross_margin
        * exp(-ln(1 + plan_values.discount_rate) * coalesce(
            cast(accounts.renewal_date - scoring.scoring_date as int) / cast(365 as double)
            - floor(cast(accounts.renewal_date - scoring.scoring_date as int) / cast(365 as double)), 0.5
        ))
        / (1 - plan_values.annual_retention / (1 + plan_values.discount_rate)) as lifetime_value_usd
    from decisions
    inner join policies on decisions.policy_id = policies.policy_id
    inner join accounts on decisions.account_id = accounts.account_id
    inner join plan_values on accounts.plan_tier = plan_values.plan_tier
    cross join scoring
    where decisions.decision = 'target'
),

risks as (
    select
        targets.campaign_id,
        targets.policy_id,
        targets.account_id,
        sum({{ expected_loss('scores.lift', 'scores.lift_se') }}) as harmed_admins
    from targets
    inner join nudges using (campaign_id, policy_id, account_id)
    inner join scores on nudges.population = scores.population and nudges.observation_id = scores.observation_id
    left join users on scores.user_id = users.user_id
    where coalesce(users.role_type, 'unknown') in ('admin', 'unknown')
    group by 1, 2, 3
),

final as (
    select
        targets.campaign_id,
        targets.policy_id,
        targets.account_id
    from targets
    left join risks using (campaign_id, policy_id, account_id)
    where
        not coalesce(
            abs(
                targets.value_per_conversion_usd * targets.seat_count
                - targets.lifetime_value_usd * targets.retention_gain_per_conversion
            ) <= 1e-4 * targets.seat_count
            and abs(
                targets.expected_churn_cost_usd
                - least(coalesce(risks.harmed_admins, 0) * targets.churn_probability_per_harmed_admin, 1)
                * (targets.lifetime_value_usd + targets.replacement_cost_usd)
            ) <= 1e-3,
            false
        )
)

select * from final
