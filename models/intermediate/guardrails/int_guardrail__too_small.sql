with evidence as (
    select * from {{ ref('int_guardrails__account_evidence') }}
),

final as (
    select
        policy_id,
        account_id,
        'too_small' as guardrail,
        net_value_usd as evidence,
        0.0 as evidence_limit,
        coalesce(net_value_usd <= 0, true) or n_scored_users < min_scored_users as is_triggered
    from evidence
)

select * from final
