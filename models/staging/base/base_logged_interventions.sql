-- Earlier campaigns' logs in the shape of exported interventions and outcomes. Read from the raw log, not from
-- `base_campaign_events`, so that new events of the running campaign don't make past ones stale.
with events as (
    select distinct * from {{ ref('input_campaign_events') }}
    where event_id is not null and user_id is not null and event_date <= current_date and campaign_id is not null
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

-- Reject all contradictory rows of an event, since keeping one would choose an outcome.
sound as (
    select
        events.*,
        case when {{ is_possible_revenue('abs(events.revenue_usd)') }} then events.revenue_usd end as possible_revenue_usd,
        parameters.outcome_window_days,
        count(*) over (partition by events.event_id) as n_versions,
        min(events.event_date) over (partition by events.campaign_id, events.user_id) as entry_date
    from events
    cross join parameters
    where events.campaign_id <> {{ running_campaign('parameters') }}
),

by_user as (
    select
        campaign_id,
        user_id,
        min(account_id) as account_id,
        min(entry_date) as intervention_date,
        max(outcome_window_days) as outcome_window_days,
        max(coalesce(assigned_flag, sent_flag)) as treatment_flag,
        max(sent_flag) as sent_flag,
        max(assignment_probability) as assignment_probability,
        max(coalesce(converted_flag, 0)) as collab_activated_flag,
        min(case when converted_flag = 1 then event_date end) as activation_date,
        max(coalesce(negative_reaction_flag, 0)) as negative_reaction_flag,
        -- Unknown if one conversion's revenue is; refunds can't exceed what was earned.
        case
            when count(*) filter (where converted_flag = 1 and possible_revenue_usd is null) = 0
                then greatest(0.0, {{ exact_sum_usd('coalesce(possible_revenue_usd, 0.0)') }})
        end as revenue_usd
    from sound
    where n_versions = 1 and event_date <= entry_date + cast(outcome_window_days as int)
    group by 1, 2
),

-- Intention to treat: assigned users count as treated, sent or not. Certain assignments say nothing about the effect and only
-- count as earlier nudges.
final as (
    select
        campaign_id || ':' || user_id as intervention_id,
        user_id,
        account_id,
        intervention_date,
        cast(coalesce(assignment_probability > 0 and assignment_probability < 1, true) as int) as eligibility_flag,
        treatment_flag,
        sent_flag,
        campaign_id,
        case
            when assignment_probability > 0 and assignment_probability < 1 then assignment_probability
        end as assignment_probability,
        cast(outcome_window_days as bigint) as outcome_window_days,
        collab_activated_flag,
        activation_date,
        negative_reaction_flag,
        revenue_usd
    from by_user
)

select * from final
