with grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'campaign'
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'campaign'
),

checks as (
    select * from {{ ref('int_policy__checks') }}
    where population = 'campaign'
),

-- What suppresses an account whoever is taken for a Sleeping Dog.
suppressed as (
    select distinct campaign_id, policy_id, account_id
    from checks
    where is_triggered and guardrail not in ('toxic_admin', 'toxic_users')
),

sleeping_dogs as (
    select
        grid.point_id,
        users.campaign_id,
        users.account_id,
        count(*) as n_sleeping_dogs,
        count(*) filter (where users.is_admin) as n_sleeping_dog_admins,
        count(dr_scores.dr_score) as n_observed_sleeping_dogs,
        {{ exact_sum('dr_scores.dr_score') }} as sleeping_dog_dr_sum
    from grid
    inner join users on grid.policy_id = users.policy_id and {{ is_sleeping_dog('users.lift', 'users.lift_se', 'grid') }}
    left join dr_scores on users.observation_id = dr_scores.observation_id
    group by 1, 2, 3
),

counted as (
    select
        grid.point_id,
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id,
        decisions.n_scored_users,
        grid.toxic_user_share_limit,
        grid.min_toxic_users,
        coalesce(sleeping_dogs.n_sleeping_dogs, 0) as n_sleeping_dogs,
        coalesce(sleeping_dogs.n_sleeping_dog_admins, 0) as n_sleeping_dog_admins,
        coalesce(sleeping_dogs.n_observed_sleeping_dogs, 0) as n_observed_sleeping_dogs,
        coalesce(sleeping_dogs.sleeping_dog_dr_sum, 0.0) as sleeping_dog_dr_sum
    from grid
    inner join decisions on grid.policy_id = decisions.policy_id
    left join sleeping_dogs
        on
            grid.point_id = sleeping_dogs.point_id
            and decisions.campaign_id = sleeping_dogs.campaign_id
            and decisions.account_id = sleeping_dogs.account_id
),

final as (
    select
        counted.point_id,
        counted.campaign_id,
        counted.account_id,
        counted.n_sleeping_dogs,
        counted.n_sleeping_dog_admins,
        counted.n_observed_sleeping_dogs,
        counted.sleeping_dog_dr_sum,
        suppressed.account_id is null
        and counted.n_sleeping_dog_admins = 0
        and not coalesce({{ is_toxic('counted.n_sleeping_dogs', 'counted.n_scored_users', 'counted') }}, true) as is_target
    from counted
    left join suppressed
        on
            counted.campaign_id = suppressed.campaign_id
            and counted.policy_id = suppressed.policy_id
            and counted.account_id = suppressed.account_id
)

select * from final
