with evidence as (
    select * from {{ ref('int_guardrails__account_evidence') }}
),

checks as (
    select * from {{ ref('int_guardrails__checks') }}
),

policies as (
    select * from {{ ref('int_guardrails__policies') }}
),

first_triggered as (
    select
        policy_id,
        account_id,
        min_by(guardrail_id, precedence) as guardrail_id,
        min_by(decision, precedence) as decision
    from checks
    where is_triggered
    group by 1, 2
),

final as (
    select
        evidence.policy_id,
        evidence.account_id,
        coalesce(first_triggered.decision, 'target') as decision,
        first_triggered.guardrail_id,
        evidence.n_users,
        evidence.n_scored_users,
        evidence.n_admins,
        evidence.n_sleeping_dogs,
        evidence.n_sleeping_dog_admins,
        evidence.sleeping_dog_share,
        evidence.sum_lift,
        evidence.expected_revenue_usd,
        evidence.cost_usd,
        evidence.net_value_usd,
        policies.is_shipped,
        evidence.value_per_conversion_usd,
        evidence.expected_churn_cost_usd,
        policies.cost_per_account_usd,
        policies.cost_per_nudge_usd,
        policies.sleeping_dog_lift_threshold,
        policies.harm_confidence,
        policies.toxic_user_share_limit,
        policies.min_toxic_users,
        policies.min_scored_users,
        policies.counts_unobserved_users
    from evidence
    inner join policies on evidence.policy_id = policies.policy_id
    left join first_triggered
        on evidence.policy_id = first_triggered.policy_id and evidence.account_id = first_triggered.account_id
)

select * from final
