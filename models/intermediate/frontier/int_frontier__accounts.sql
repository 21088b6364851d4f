with grid as (
    select * from {{ ref('int_frontier__grid') }}
),

users as (
    select * from {{ ref('int_guardrails__users') }}
),

dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

checks as (
    select * from {{ ref('int_guardrails__checks') }}
),

-- What suppresses an account whoever is taken for a Sleeping Dog.
suppressed as (
    select distinct policy_id, account_id
    from checks
    where is_triggered and guardrail not in ('toxic_admin', 'toxic_users')
),

sleeping_dogs as (
    select
        grid.point_id,
        users.account_id,
        count(*) as n_sleeping_dogs,
        count(*) filter (where users.is_admin) as n_sleeping_dog_admins,
        count(dr_scores.dr_score) as n_observed_sleeping_dogs,
        {{ sum_int('cast(round(dr_scores.dr_score * 1e9) as bigint)') }} / 1e9 as sleeping_dog_dr_sum
    from grid
    inner join users
        on
            grid.policy_id = users.policy_id
            and users.lift + grid.harm_quantile * coalesce(users.lift_se, 0.0) < grid.sleeping_dog_lift_threshold
    left join dr_scores on users.user_id = dr_scores.user_id
    group by 1, 2
),

final as (
    select
        grid.point_id,
        decisions.account_id,
        coalesce(sleeping_dogs.n_sleeping_dogs, 0) as n_sleeping_dogs,
        coalesce(sleeping_dogs.n_sleeping_dog_admins, 0) as n_sleeping_dog_admins,
        coalesce(sleeping_dogs.n_observed_sleeping_dogs, 0) as n_observed_sleeping_dogs,
        coalesce(sleeping_dogs.sleeping_dog_dr_sum, 0.0) as sleeping_dog_dr_sum,
        suppressed.account_id is null
        and coalesce(sleeping_dogs.n_sleeping_dog_admins, 0) = 0
        and not (
            coalesce(sleeping_dogs.n_sleeping_dogs, 0) > grid.toxic_user_share_limit * decisions.n_scored_users
            and coalesce(sleeping_dogs.n_sleeping_dogs, 0) >= grid.min_toxic_users
        ) as is_target
    from grid
    inner join decisions on grid.policy_id = decisions.policy_id
    left join suppressed
        on decisions.policy_id = suppressed.policy_id and decisions.account_id = suppressed.account_id
    left join sleeping_dogs
        on grid.point_id = sleeping_dogs.point_id and decisions.account_id = sleeping_dogs.account_id
)

select * from final
