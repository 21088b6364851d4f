with evidence as (
    select * from {{ ref('int_guardrails__account_evidence') }}
),

final as (
    select
        policy_id,
        account_id,
        'unscored' as guardrail,
        cast(n_users - n_scored_users as double) as evidence,
        0.0 as evidence_limit,
        {{ guardrail_is_triggered('unscored') }} as is_triggered
    from evidence
)

select * from final
