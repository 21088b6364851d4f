with nudges as (
    {{ gated(ref('int_policy__nudges'), "population = 'today' and is_shipped") }}
),

users as (
    select * from {{ ref('stg_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

final as (
    select
        nudges.user_id,
        users.user_name,
        users.email,
        users.role_type,
        nudges.account_id,
        {{ known_by('accounts') }},
        nudges.policy_id,
        nudges.lift,
        nudges.lift_lower,
        nudges.lift_upper,
        nudges.expected_revenue_usd,
        'Expected to be helped: lift ' || {{ in_decimals('100 * nudges.lift', 1) }} || ' points' as reason,
        nudges.build_id
    from nudges
    left join users on nudges.user_id = users.user_id
    left join accounts on nudges.account_id = accounts.account_id
)

select * from final
