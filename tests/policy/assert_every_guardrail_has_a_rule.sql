-- POL-07: Every guardrail has a rule; one without could never veto.
with checks as (
    {% for guardrail in guardrail_checks('evidence') %}
    select '{{ guardrail }}' as guardrail{{ ' union all' if not loop.last }}
    {% endfor %}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

final as (
    select
        checks.guardrail as checked,
        rules.guardrail as ruled
    from checks
    full join rules on checks.guardrail = rules.guardrail
    where checks.guardrail is null or rules.guardrail is null or rules.precedence is null or rules.decision is null
)

select * from final
