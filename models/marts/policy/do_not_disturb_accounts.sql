with decisions as (
    select
        decisions.*,
        gate.build_id
    from {{ ref('int_policy__account_decisions') }} as decisions
    cross join {{ ref('int_build__publication_gate') }} as gate
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
    where decisions.population = 'today' and decisions.is_shipped and decisions.decision = 'suppress_toxic_admin'
)

select * from final
