{{ config(materialized='view') }}

with evidence as (
    select * from {{ ref('int_policy__account_evidence') }}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

checks as (
    {% for guardrail, check in guardrail_checks().items() %}
    select
        population,
        campaign_id,
        policy_id,
        account_id,
        '{{ guardrail }}' as guardrail,
        cast({{ check.evidence }} as double) as evidence,
        cast({{ check.limit }} as double) as evidence_limit,
        {{ check.is_triggered }} as is_triggered
    from evidence
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        checks.population,
        checks.campaign_id,
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
