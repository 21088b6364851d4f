{{ config(materialized='view') }}

-- Hard limits exclude users from exploration: decisions before POL-04 exclude their accounts, and `is_explorable` excludes
-- predicted Sleeping Dogs, unsupported users, and users nudged enough.
with users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today' and is_shipped
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

account_values as (
    select * from {{ ref('int_policy__account_values') }}
),

dealt_before as (
    select * from {{ ref('int_campaign__dealt_before') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

-- A probability below that of the rollout, however many digits the log keeps, belongs to exploration.
logged as (
    select
        events.user_id,
        bool_or(events.assignment_probability > 0) as was_randomised,
        bool_or(
            events.assignment_probability > 0
            and events.assignment_probability < 1 - parameters.control_share - 1e-6
        ) as was_explored
    from {{ ref('stg_campaign_events') }} as events
    cross join parameters
    group by 1
),

-- An account not worth its cost is explored as a whole; a target, by each user whose interval spans zero.
roles as (
    select
        users.*,
        coalesce(dealt_before.experiment, case when decisions.decision = 'target' then 'rollout' else 'exploration' end) as role,
        users.is_explorable and case
            when decisions.decision = 'target'
                then not users.is_nudged_in_target and coalesce(dealt_before.experiment, 'rollout') = 'rollout'
            else
                decisions.decision in ('suppress_unprofitable', 'suppress_too_small')
                and coalesce(dealt_before.experiment, 'exploration') = 'exploration'
        end as is_allowed,
        logged.user_id is not null as is_logged,
        -- A log without probabilities can't tell who was explored, so every candidate counts.
        case
            when dealt_before.experiment = 'exploration' then coalesce(logged.was_randomised, users.is_explorable)
            when logged.user_id is null then false
            else coalesce(logged.was_explored, users.is_explorable and not users.is_nudged_in_target)
        end as is_begun
    from users
    inner join decisions on users.account_id = decisions.account_id
    left join dealt_before on users.account_id = dealt_before.account_id
    left join logged on users.user_id = logged.user_id
),

-- What exploration has begun counts against its budget even if it may not go on. Users who began in another role keep it.
final as (
    select
        roles.user_id,
        case roles.role when 'rollout' then roles.user_id else roles.account_id end as unit_id,
        case roles.role when 'rollout' then 'user' else 'account' end as unit_type,
        roles.account_id,
        decisions.decision,
        roles.is_begun,
        roles.is_allowed,
        {{ exploration_cost('decisions', 'roles.lift') }} as cost_usd,
        roles.lift_se,
        roles.harm_probability,
        case when roles.is_admin then roles.harm_probability else 0.0 end as admin_harm_probability,
        roles.harm_probability * decisions.value_per_conversion_usd
        + case when roles.is_admin then roles.harm_probability * account_values.loss_per_harmed_admin_usd else 0.0 end as risk_usd
    from roles
    inner join decisions on roles.account_id = decisions.account_id
    left join account_values on roles.account_id = account_values.account_id
    where roles.role in ('rollout', 'exploration') and (roles.is_begun or (roles.is_allowed and not roles.is_logged))
)

select * from final
