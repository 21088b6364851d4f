with evidence as (
    select * from {{ ref('int_guardrails__account_evidence') }}
),

final as (
    select
        policy_id,
        account_id,
        'toxic_users' as guardrail,
        sleeping_dog_share as evidence,
        cast(toxic_user_share_limit as double) as evidence_limit,
        {{ guardrail_is_triggered('toxic_users') }} as is_triggered
    from evidence
)

select * from final
