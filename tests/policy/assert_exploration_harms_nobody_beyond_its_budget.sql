-- POL-28: Exploration nudges no predicted Sleeping Dog, nobody whose interval lies below zero, and puts off no more admins and
-- users than its budget, by its probabilities and what is expected of whom it may nudge.
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

-- Accounts of the global control are drawn before exploration is, so that its budget may be a little less than spent.
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
