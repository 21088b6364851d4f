with users as (
    {{ gated(ref('int_policy__users'), "population = 'today' and is_shipped") }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today'
),

people as (
    select * from {{ ref('stg_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

final as (
    select
        users.user_id,
        people.user_name,
        people.email,
        people.role_type,
        users.is_admin,
        users.account_id,
        {{ known_by('accounts') }},
        decisions.decision,
        users.lift,
        users.lift_lower,
        users.lift_upper,
        users.is_sleeping_dog,
        decisions.decision = 'target' and users.is_nudged_in_target as is_nudged,
        case
            when not users.is_scored then 'no score'
            when users.is_sleeping_dog and not users.is_nudged_in_target then 'would react badly'
            when not users.is_nudged_in_target and users.lift <= 0 then 'not expected to benefit'
            when users.is_nudged_enough and not users.is_nudged_in_target then 'nudged often enough this quarter'
            when not users.is_nudged_in_target and users.unseen_features is not null
                then 'unlike anybody in the past campaigns in ' || users.unseen_features
            when not users.is_nudged_in_target then 'past campaigns say too little about such users'
            when decisions.decision = 'target' then 'nudged'
            else 'would be nudged, but the account is suppressed'
        end as reason,
        users.build_id
    from users
    inner join decisions on users.policy_id = decisions.policy_id and users.account_id = decisions.account_id
    left join people on users.user_id = people.user_id
    left join accounts on users.account_id = accounts.account_id
)

select * from final
