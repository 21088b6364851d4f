with nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        nudges.user_id,
        nudges.account_id,
        nudges.policy_id,
        nudges.lift,
        nudges.lift_lower,
        nudges.lift_upper,
        nudges.expected_revenue_usd,
        gate.build_id
    from nudges
    inner join policies on nudges.policy_id = policies.policy_id
    cross join gate
    where nudges.population = 'today' and policies.is_shipped
)

select * from final
