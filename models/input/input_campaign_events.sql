with final as (
    select
        event_id,
        user_id,
        account_id,
        event_date,
        sent_flag,
        converted_flag,
        revenue_usd,
        negative_reaction_flag,
        admin_churned_flag,
        campaign_id,
        assigned_flag,
        assignment_probability
    from {{ source('raw', 'campaign_events_raw') }}
)

select * from final
