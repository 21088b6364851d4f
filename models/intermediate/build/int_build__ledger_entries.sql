with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today'
),

identity as (
    select * from {{ ref('int_build__identity') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        identity.build_id,
        identity.data_fingerprint,
        identity.policy_version,
        identity.model_version,
        identity.code_version,
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
    cross join identity
    inner join gate on identity.build_id = gate.build_id
)

select * from final
