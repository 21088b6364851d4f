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
        n_scored_users < n_users or n_scored_users = 0 as is_triggered
    from evidence
)

select * from final
