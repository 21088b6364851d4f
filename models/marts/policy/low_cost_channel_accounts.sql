with accounts as (
    {{ listed_accounts('suppress_too_small') }}
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
        'email' as recommended_channel,
        expected_revenue_usd,
        cost_usd,
        net_value_usd,
        n_scored_users,
        reason,
        build_id
    from accounts
    where expected_revenue_usd > 0
)

select * from final
