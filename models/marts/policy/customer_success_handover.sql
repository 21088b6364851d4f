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
        'health_check' as recommended_action,
        decisions.n_sleeping_dogs,
        decisions.n_scored_users,
        decisions.sleeping_dog_share,
        accounts.plan_tier,
        accounts.is_cs_assigned,
        decisions.build_id
    from decisions
    inner join accounts on decisions.account_id = accounts.account_id
    where decisions.population = 'today' and decisions.is_shipped and decisions.decision = 'suppress_toxic_users'
)

select * from final
