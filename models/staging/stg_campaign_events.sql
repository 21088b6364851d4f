with final as (
    select
        event_id,
        user_id,
        account_id,
        event_date,
        is_sent,
        is_converted,
        revenue_usd,
        is_negative_reaction,
        is_admin_churn
    from {{ ref('base_campaign_events') }}
    where reject_reason is null
)

select * from final
