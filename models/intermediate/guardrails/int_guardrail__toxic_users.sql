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
        coalesce(sleeping_dog_share > toxic_user_share_limit and n_sleeping_dogs >= min_toxic_users, true) as is_triggered
    from evidence
)

select * from final
