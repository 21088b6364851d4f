with decisions as (
    {{ listed_accounts('suppress_toxic_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

final as (
    select
        decisions.account_id,
        decisions.account_name,
        decisions.owner,
        decisions.plan_tier,
        decisions.annual_recurring_revenue_usd,
        decisions.renewal_date,
        decisions.policy_id,
        'health_check' as recommended_action,
        decisions.n_sleeping_dogs,
        decisions.n_scored_users,
        decisions.sleeping_dog_share,
        accounts.is_cs_assigned,
        decisions.reason,
        decisions.build_id
    from decisions
    inner join accounts on decisions.account_id = accounts.account_id
)

select * from final
