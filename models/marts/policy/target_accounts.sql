with accounts as (
    {{ listed_accounts('target') }}
),

final as (
    select
        account_id,
        account_name,
        owner,
        plan_tier,
        annual_recurring_revenue_usd,
        renewal_date,
        policy_id,
        cast(row_number() over (order by net_value_usd desc, account_id asc) as bigint) as value_rank,
        net_value_usd,
        expected_revenue_usd,
        cost_usd,
        n_scored_users,
        n_nudged_users,
        reason,
        build_id
    from accounts
)

select * from final
