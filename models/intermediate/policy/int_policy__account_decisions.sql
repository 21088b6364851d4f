with evidence as (
    select * from {{ ref('int_policy__account_evidence') }}
    {{ where_in_scope() }}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

-- Unknown suppresses.
first_triggered as (
    select
        evidence.campaign_id,
        evidence.policy_id,
        evidence.account_id,
        min_by(rules.guardrail_id, rules.precedence) as guardrail_id,
        min_by(rules.decision, rules.precedence) as decision
    from evidence
    cross join rules
    where
        coalesce(
            case rules.guardrail
                {% for guardrail, is_triggered in guardrail_checks('evidence').items() %}
                when '{{ guardrail }}' then {{ is_triggered }}
                {% endfor %}
            end, true
        )
    group by 1, 2, 3
),

decided as (
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
    inner join policies using (policy_id)
    left join first_triggered using (campaign_id, policy_id, account_id)
),

final as (
    select
        *,
        {{ reason_in_words() }} as reason
    from decided
)

select * from final
