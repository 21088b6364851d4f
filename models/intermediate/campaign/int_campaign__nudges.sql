with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm = 'treatment'
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today'
),

-- The policy says whom to nudge within its targets. In the validation holdout everybody is: it asks what that would cost.
final as (
    select
        users.user_id,
        assignments.account_id,
        assignments.policy_id,
        assignments.experiment,
        assignments.wave,
        users.lift,
        users.lift_lower,
        users.lift_upper
    from assignments
    inner join users on assignments.policy_id = users.policy_id and assignments.account_id = users.account_id
    where assignments.experiment = 'validation' or users.is_nudged_in_target
)

select * from final
