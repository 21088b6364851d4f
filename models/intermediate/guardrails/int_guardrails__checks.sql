with checks as (
    {% for guardrail in guardrails() %}
    select * from {{ ref('int_guardrail__' ~ guardrail) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

final as (
    select
        checks.policy_id,
        checks.account_id,
        rules.guardrail_id,
        checks.guardrail,
        rules.precedence,
        rules.decision,
        checks.evidence,
        checks.evidence_limit,
        -- Unknown means safe: a check that cannot tell suppresses.
        coalesce(checks.is_triggered, true) as is_triggered
    from checks
    left join rules on checks.guardrail = rules.guardrail
)

select * from final
