with users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today'
),

assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm is not null
),

explored as (
    select users.user_id
    from {{ ref('int_campaign__explorable_users') }} as users
    inner join {{ ref('int_campaign__exploration') }} as units
        on users.unit_type = units.unit_type and users.unit_id = units.unit_id
    where units.is_admitted and users.is_allowed
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

-- In the rollout the policy chooses the users, plus a few explored ones; an explored account is nudged like a target; the
-- validation nudges everybody, since it measures the harm of doing so.
dealt as (
    select
        {{ running_campaign('parameters') }} as campaign_id,
        users.user_id,
        users.account_id,
        assignments.policy_id,
        case
            when assignments.experiment = 'rollout' and not users.is_nudged_in_target and explored.user_id is not null
                then 'exploration'
            when assignments.experiment = 'rollout' and not users.is_nudged_in_target then null
            when assignments.experiment = 'exploration' and explored.user_id is null then null
            else assignments.experiment
        end as experiment,
        assignments.experiment as account_experiment,
        assignments.arm as account_arm,
        assignments.wave,
        assignments.treatment_probability,
        users.lift,
        users.lift_lower,
        users.lift_upper,
        parameters.exploration_share,
        {{ is_drawn('users.user_id', 'exploration of users', 'parameters.exploration_share') }} as is_drawn
    from users
    inner join assignments on users.policy_id = assignments.policy_id and users.account_id = assignments.account_id
    cross join parameters
    left join explored on users.user_id = explored.user_id
),

final as (
    select
        campaign_id,
        user_id,
        account_id,
        policy_id,
        experiment,
        case
            when experiment is null then null
            when account_arm = 'treatment' and (account_experiment = experiment or is_drawn) then 'treatment'
            else 'control'
        end as arm,
        wave,
        round(case
            when experiment is null then 0.0
            when experiment = account_experiment then treatment_probability
            else treatment_probability * exploration_share
        end, 9) as assignment_probability,
        lift,
        lift_lower,
        lift_upper
    from dealt
)

select * from final
