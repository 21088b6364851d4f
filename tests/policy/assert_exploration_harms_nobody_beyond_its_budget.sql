-- POL-28: Exploration nudges no predicted Sleeping Dog and nobody whose interval lies below zero, and its expected harm to admins
-- and users stays within budget.
with assignments as (
    select * from {{ ref('int_campaign__user_assignments') }}
    where experiment = 'exploration'
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today' and is_shipped
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

explored as (
    select
        assignments.user_id,
        assignments.assignment_probability,
        users.is_admin,
        users.harm_probability,
        coalesce(not users.is_sleeping_dog and users.lift_upper > 0, false) as is_allowed
    from assignments
    left join users on assignments.user_id = users.user_id
),

totals as (
    select
        count(*) filter (where not is_allowed) as n_forbidden,
        coalesce(sum(assignment_probability * harm_probability) filter (where is_admin), 0) as harmed_admins,
        coalesce(sum(assignment_probability * harm_probability), 0) as harmed_users
    from explored
),

-- The global holdout is drawn before exploration, which may therefore spend slightly less than its budget.
final as (
    select totals.*
    from totals
    cross join parameters
    where
        totals.n_forbidden > 0
        or totals.harmed_admins > parameters.harm_budget_admins / (1 - parameters.control_share) + 0.001
        or totals.harmed_users > parameters.harm_budget_users / (1 - parameters.control_share) + 0.001
)

select * from final
