with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm = 'treatment'
),

users as (
    select * from {{ ref('int_guardrails__users') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

-- The policy says whom to nudge within its targets. In the validation holdout everybody is: it asks what that would cost.
final as (
    select
        users.user_id,
        assignments.account_id,
        assignments.policy_id,
        assignments.experiment,
        assignments.wave,
        scores.lift,
        scores.lift_lower,
        scores.lift_upper
    from assignments
    inner join users on assignments.policy_id = users.policy_id and assignments.account_id = users.account_id
    inner join scores on users.user_id = scores.user_id
    left join nudges on users.policy_id = nudges.policy_id and users.user_id = nudges.user_id
    where assignments.experiment = 'validation' or nudges.user_id is not null
)

select * from final
