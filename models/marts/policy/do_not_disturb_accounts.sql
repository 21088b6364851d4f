with accounts as (
    {{ listed_accounts('suppress_toxic_admin') }}
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
        'Risk: Sensitive Admin' as crm_tag,
        n_sleeping_dog_admins,
        n_sleeping_dogs,
        reason,
        build_id
    from accounts
)

select * from final
