with final as (
    select
        account_id,
        account_created_date,
        plan_tier,
        industry,
        seat_count,
        cs_assigned_flag,
        account_health_score,
        annual_recurring_revenue_usd,
        renewal_date,
        account_name,
        owner
    from {{ source('raw', 'accounts_raw') }}
)

select * from final
