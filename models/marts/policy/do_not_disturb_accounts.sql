with decisions as (
    {{ listed_accounts('suppress_toxic_admin') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

final as (
    select
        decisions.account_id,
        decisions.policy_id,
        'Risk: Sensitive Admin' as crm_tag,
        decisions.n_sleeping_dog_admins,
        decisions.n_sleeping_dogs,
        accounts.plan_tier,
        accounts.annual_recurring_revenue_usd,
        accounts.renewal_date,
        decisions.build_id
    from decisions
    inner join accounts on decisions.account_id = accounts.account_id
)

select * from final
