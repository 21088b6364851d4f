with evidence as (
    select * from {{ ref('int_guardrails__account_evidence') }}
),

final as (
    select
        policy_id,
        account_id,
        'toxic_admin' as guardrail,
        cast(n_sleeping_dog_admins as double) as evidence,
        0.0 as evidence_limit,
        {{ guardrail_is_triggered('toxic_admin') }} as is_triggered
    from evidence
)

select * from final
