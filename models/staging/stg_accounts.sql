select
    account_id,
    account_created_date,
    plan_tier,
    industry,
    seat_count,
    is_cs_assigned,
    account_health_score,
    annual_recurring_revenue_usd,
    renewal_date,
    account_name,
    owner
from {{ ref('base_accounts') }}
where reject_reason is null
