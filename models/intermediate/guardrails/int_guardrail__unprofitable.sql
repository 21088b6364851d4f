with evidence as (
    select * from {{ ref('int_guardrails__account_evidence') }}
),

final as (
    select
        policy_id,
        account_id,
        'unprofitable' as guardrail,
        expected_revenue_usd as evidence,
        0.0 as evidence_limit,
        {{ guardrail_is_triggered('unprofitable') }} as is_triggered
    from evidence
)

select * from final
