with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

users as (
    select * from {{ ref('int_policy__users') }}
    {{ where_in_scope() }}
),

final as (
    select
        users.population,
        users.campaign_id,
        users.policy_id,
        users.is_shipped,
        users.observation_id,
        users.user_id,
        users.account_id,
        users.is_admin,
        users.is_sleeping_dog,
        users.lift,
        users.lift_lower,
        users.lift_upper,
        {{ dollars('users.lift', 'decisions.value_per_conversion_usd') }} as expected_revenue_usd
    from decisions
    inner join users using (campaign_id, policy_id, account_id)
    where decisions.decision = 'target' and users.is_nudged_in_target
)

select * from final
