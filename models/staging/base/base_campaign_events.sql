with events as (
    select
        event_id,
        user_id,
        account_id,
        event_date,
        coalesce(sent_flag = 1, false) as is_sent,
        coalesce(converted_flag = 1, false) as is_converted,
        case when {{ is_possible_revenue('abs(revenue_usd)') }} then revenue_usd end as revenue_usd,
        coalesce(negative_reaction_flag = 1, false) as is_negative_reaction,
        coalesce(admin_churned_flag = 1, false) as is_admin_churn,
        campaign_id,
        coalesce(assigned_flag, sent_flag) = 1 as is_assigned,
        assignment_probability
    from {{ ref('input_campaign_events') }}
),

users as (
    select * from {{ ref('base_users') }}
    where reject_reason is null
),

checked as (
    select
        events.*,
        case
            when events.event_id is null or events.user_id is null or events.event_date is null then 'null_key'
            when users.user_id is null then 'orphan_user'
            when coalesce(events.account_id, '') <> users.account_id then 'account_mismatch'
            when events.event_date > current_date then 'future_date'
        end as row_reason
    from events
    left join users on events.user_id = users.user_id
),

final as (
    {{ without_repeats(
        'checked',
        key=['event_id'],
        columns=[
            'user_id', 'account_id', 'event_date', 'is_sent', 'is_converted', 'revenue_usd', 'is_negative_reaction',
            'is_admin_churn', 'campaign_id', 'is_assigned', 'assignment_probability',
        ],
    ) }}
)

select * from final
