-- POL-07: Every guardrail is among the rules, by all of which every account is decided; one that is missing cannot veto.
with checks as (
    {% for guardrail in guardrail_checks() %}
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
