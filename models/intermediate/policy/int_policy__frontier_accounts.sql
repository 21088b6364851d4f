with grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

users as (
    select * from {{ ref('int_policy__users') }}
    {{ where_in_scope() }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

flagged as (
    select
        grid.point_id,
        users.population,
        users.campaign_id,
        users.account_id,
        users.observation_id,
        users.is_admin,
        coalesce({{ is_sleeping_dog('users.lift', 'users.lift_se', 'grid') }}, false) as is_sleeping_dog,
        {{ is_supported('users', is_sleeping_dog('users.lift', 'users.lift_se', 'grid'), 'grid') }} as is_supported
    from grid
    inner join users on grid.policy_id = users.policy_id
),

by_account as (
    select
        flagged.point_id,
        flagged.campaign_id,
        flagged.account_id,
        count(*) filter (where flagged.is_admin and not flagged.is_supported) as n_unsupported_admins,
        count(*) filter (where flagged.is_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where flagged.is_sleeping_dog and flagged.is_admin) as n_sleeping_dog_admins,
        count(dr_scores.dr_score) filter (where flagged.is_sleeping_dog) as n_observed_sleeping_dogs,
        {{ exact_sum('dr_scores.dr_score', filter='flagged.is_sleeping_dog') }} as sleeping_dog_dr_sum
    from flagged
    left join dr_scores on flagged.population = 'campaign' and flagged.observation_id = dr_scores.observation_id
    where flagged.is_sleeping_dog or (flagged.is_admin and not flagged.is_supported)
    group by 1, 2, 3
),

-- The points change only who is a Sleeping Dog, not the policy's revenue and cost.
evidence as (
    select
        grid.point_id,
        decisions.population,
        decisions.campaign_id,
        decisions.account_id,
        decisions.n_users,
        decisions.n_scored_users,
        decisions.expected_revenue_usd,
        decisions.net_value_usd,
        decisions.min_scored_users,
        grid.toxic_user_share_limit,
        grid.min_toxic_users,
        coalesce(by_account.n_unsupported_admins, 0) as n_unsupported_admins,
        coalesce(by_account.n_sleeping_dogs, 0) as n_sleeping_dogs,
        coalesce(by_account.n_sleeping_dog_admins, 0) as n_sleeping_dog_admins,
        coalesce(by_account.n_observed_sleeping_dogs, 0) as n_observed_sleeping_dogs,
        coalesce(by_account.sleeping_dog_dr_sum, 0.0) as sleeping_dog_dr_sum
    from grid
    inner join decisions on grid.policy_id = decisions.policy_id
    left join by_account using (point_id, campaign_id, account_id)
),

final as (
    select
        evidence.population,
        evidence.point_id,
        evidence.campaign_id,
        evidence.account_id,
        evidence.n_unsupported_admins,
        evidence.n_sleeping_dogs,
        evidence.n_sleeping_dog_admins,
        evidence.n_observed_sleeping_dogs,
        evidence.sleeping_dog_dr_sum,
        {{ passes_every_guardrail('evidence') }} as is_target
    from evidence
)

select * from final
