with users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today' and is_shipped
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
    where population = 'today'
),

assignments as (
    select * from {{ ref('int_campaign__assignments') }}
),

parameters as (
    select * from {{ ref('bandit_parameters') }}
),

guarded as (
    select
        users.user_id,
        users.account_id,
        users.lift,
        nudges.user_id is null or coalesce(assignments.is_global_control, true) as is_held_back
    from users
    left join nudges on users.policy_id = nudges.policy_id and users.user_id = nudges.user_id
    left join assignments on users.account_id = assignments.account_id
),

final as (
    select
        guarded.user_id,
        guarded.account_id,
        guarded.is_held_back,
        case
            when guarded.is_held_back then 'held_back'
            when ntile(3) over by_lift = 1 then 'low_lift'
            when ntile(3) over by_lift = 2 then 'middle_lift'
            else 'high_lift'
        end as segment,
        1 + {{ hash_bucket('guarded.user_id', 'parameters.n_rounds', 'parameters.salt') }} as round_number
    from guarded
    cross join parameters
    window by_lift as (partition by guarded.is_held_back order by guarded.lift, guarded.user_id)
)

select * from final
