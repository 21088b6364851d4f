with accounts as (
    select
        account_id,
        account_created_date,
        our_word as plan_tier,
        industry,
        case when seat_count >= 0 then seat_count end as seat_count,
        coalesce(cs_assigned_flag = 1, false) as is_cs_assigned,
        account_health_score,
        annual_recurring_revenue_usd,
        renewal_date,
        account_name,
        owner
    from ({{ mapped_words('accounts', 'plan_tier', mapping='plans', missing='unknown') }}) as mapped
),

-- Rows that tie on every window column are duplicates, and share the first one's rank.
final as (
    select
        *,
        case
            when account_id is null then 'null_key'
            when row_number() over one_account = 1 then null
            when rank() over one_account = 1 then 'duplicate_row'
            else 'conflicting_duplicate'
        end as reject_reason
    from accounts
    window one_account as (
        partition by account_id
        order by
            account_created_date desc nulls last,
            plan_tier asc,
            seat_count desc nulls last,
            is_cs_assigned desc,
            industry asc nulls last,
            account_health_score asc nulls last,
            annual_recurring_revenue_usd desc nulls last,
            renewal_date asc nulls last,
            account_name asc nulls last,
            owner asc nulls last
    )
)

select * from final
