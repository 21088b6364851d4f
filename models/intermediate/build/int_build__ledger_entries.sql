with decisions as (
    select * from {{ ref('account_policy') }}
    where population = 'today'
),

builds as (
    select * from {{ ref('build_info') }}
),

final as (
    select
        builds.build_id,
        builds.data_fingerprint,
        builds.policy_version,
        builds.model_version,
        builds.code_version,
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
    inner join builds on decisions.build_id = builds.build_id
)

select * from final
