-- POL-23. A momentum trigger is a nudge like any other: the user is on the shipped policy's nudge list today, the account is in
-- no control arm, and the deceleration is within its limits. Control is recomputed from account ids.
with triggers as (
    select * from {{ ref('int_campaign__momentum_triggers') }}
),

nudges as (
    select nudges.user_id
    from {{ ref('int_policy__nudges') }} as nudges
    inner join {{ ref('policy_parameters') }} as policies on nudges.policy_id = policies.policy_id
    where nudges.population = 'today' and policies.is_shipped
),

limits as (
    select * from {{ ref('momentum_parameters') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

final as (
    select
        triggers.user_id,
        triggers.account_id
    from triggers
    left join nudges on triggers.user_id = nudges.user_id
    cross join limits
    cross join parameters
    where
        nudges.user_id is null
        or not coalesce(-triggers.week_on_week_change between limits.least_deceleration and limits.most_deceleration, false)
        or {{ is_drawn('triggers.account_id', 'control', 'parameters.control_share') }}
)

select * from final
