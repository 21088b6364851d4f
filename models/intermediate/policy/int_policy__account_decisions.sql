with evidence as (
    select * from {{ ref('int_policy__account_evidence') }}
    {{ where_in_scope() }}
),

checks as (
    select * from {{ ref('int_policy__checks') }}
    {{ where_in_scope() }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

first_triggered as (
    select
        campaign_id,
        policy_id,
        account_id,
        min_by(guardrail_id, precedence) as guardrail_id,
        min_by(decision, precedence) as decision
    from checks
    where is_triggered
    group by 1, 2, 3
),

final as (
    select
        evidence.*,
        coalesce(first_triggered.decision, 'target') as decision,
        first_triggered.guardrail_id,
        policies.is_shipped,
        policies.sleeping_dog_lift_threshold,
        policies.harm_confidence,
        policies.counts_unobserved_users,
        policies.nudges_everybody
    from evidence
    inner join policies on evidence.policy_id = policies.policy_id
    left join first_triggered
        on
            evidence.campaign_id = first_triggered.campaign_id
            and evidence.policy_id = first_triggered.policy_id
            and evidence.account_id = first_triggered.account_id
)

select * from final
