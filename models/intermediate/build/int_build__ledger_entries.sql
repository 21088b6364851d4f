with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today'
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        gate.build_id,
        gate.data_fingerprint,
        gate.policy_version,
        gate.model_version,
        gate.code_version,
        gate.accepted_checks,
        decisions.policy_id,
        decisions.is_shipped,
        decisions.account_id,
        decisions.decision,
        decisions.guardrail_id,
        decisions.n_users,
        decisions.n_scored_users,
        decisions.n_sleeping_dogs,
        decisions.n_sleeping_dog_admins,
        decisions.n_unsupported_admins,
        decisions.expected_revenue_usd,
        decisions.net_value_usd,
        decisions.sleeping_dog_lift_threshold,
        decisions.toxic_user_share_limit
    from decisions
    cross join gate
)

select * from final
