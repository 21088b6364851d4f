with events as (
    select * from {{ ref('base_campaign_events') }}
    where reject_reason is null
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

-- Only the running campaign; `base_logged_interventions` has the earlier ones.
final as (
    select
        events.event_id,
        events.user_id,
        events.account_id,
        events.event_date,
        events.is_sent,
        events.assignment_probability,
        events.is_converted,
        events.revenue_usd,
        events.is_negative_reaction,
        events.is_admin_churn
    from events
    cross join parameters
    where coalesce(events.campaign_id = {{ running_campaign('parameters') }}, true)
)

select * from final
