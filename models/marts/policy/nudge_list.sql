with nudges as (
    {{ gated(ref('int_policy__nudges'), "population = 'today'") }}
),

users as (
    select * from {{ ref('stg_users') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

final as (
    select
        nudges.user_id,
        users.user_name,
        users.email,
        users.role_type,
        nudges.account_id,
        nudges.policy_id,
        nudges.lift,
        nudges.lift_lower,
        nudges.lift_upper,
        nudges.expected_revenue_usd,
        nudges.build_id
    from nudges
    left join users on nudges.user_id = users.user_id
    inner join policies on nudges.policy_id = policies.policy_id
    where policies.is_shipped
)

select * from final
