with grid as (
    select * from {{ ref('int_frontier__grid') }}
),

accounts as (
    select * from {{ ref('int_frontier__accounts') }}
),

decisions as (
    select * from {{ ref('account_policy') }}
),

truth as (
    select * from {{ ref('int_audit__users') }}
),

guarded_users as (
    select * from {{ ref('int_guardrails__users') }}
),

users as (
    select
        truth.account_id,
        truth.true_group,
        truth.true_lift,
        truth.true_group = 'sleeping_dog' as is_sleeping_dog,
        guarded_users.is_admin,
        guarded_users.lift > 0 as is_helped
    from truth
    inner join guarded_users on truth.policy_id = guarded_users.policy_id and truth.user_id = guarded_users.user_id
    inner join decisions on truth.policy_id = decisions.policy_id and truth.account_id = decisions.account_id
    where decisions.is_shipped
),

true_accounts as (
    select
        users.account_id,
        sum(users.true_lift) as true_lift,
        count(*) filter (where users.true_group = 'persuadable') as n_persuadables,
        count(*) filter (where users.true_group = 'persuadable' and users.is_helped) as n_persuadables_helped,
        count(*) filter (where users.is_sleeping_dog and users.is_helped) as n_sleeping_dogs_helped,
        count(*) filter (where users.is_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where users.is_sleeping_dog and users.is_admin) as n_sleeping_dog_admins,
        count(*) as n_users
    from users
    group by 1
),

-- The oracle knows every lift and group, obeys the same guardrails, and nudges no Sleeping Dog.
points as (
    select
        grid.point_id,
        grid.sleeping_dog_lift_threshold,
        grid.harm_confidence,
        grid.is_shipped,
        accounts.account_id,
        accounts.is_target,
        true_accounts.n_persuadables_helped as n_persuadables_reached,
        true_accounts.n_sleeping_dogs_helped as n_sleeping_dogs_nudged
    from grid
    inner join accounts on grid.point_id = accounts.point_id
    inner join true_accounts on accounts.account_id = true_accounts.account_id
    union all
    select
        'oracle',
        null,
        null,
        false,
        true_accounts.account_id,
        true_accounts.n_sleeping_dog_admins = 0
        and not (
            true_accounts.n_sleeping_dogs > decisions.toxic_user_share_limit * true_accounts.n_users
            and true_accounts.n_sleeping_dogs >= decisions.min_toxic_users
        )
        and true_accounts.n_users >= decisions.min_scored_users
        and true_accounts.true_lift > 0
        and true_accounts.true_lift * decisions.value_per_conversion_usd > decisions.cost_usd,
        true_accounts.n_persuadables,
        0
    from true_accounts
    inner join decisions on true_accounts.account_id = decisions.account_id
    where decisions.is_shipped
),

final as (
    select
        points.point_id,
        points.sleeping_dog_lift_threshold,
        points.harm_confidence,
        points.is_shipped,
        count(*) filter (where points.is_target) as n_target_accounts,
        coalesce({{ sum_int('case when points.is_target then points.n_persuadables_reached end') }}, 0) as n_persuadables_reached,
        round({{ safe_divide(
            'coalesce(sum(case when points.is_target then points.n_persuadables_reached end), 0)',
            'sum(true_accounts.n_persuadables)'
        ) }}, 9) as persuadables_reached_share,
        coalesce({{ sum_int('case when points.is_target then points.n_sleeping_dogs_nudged end') }}, 0) as n_sleeping_dogs_nudged,
        coalesce(
            {{ sum_int('case when points.is_target then true_accounts.n_sleeping_dog_admins end') }}, 0
        ) as n_sleeping_dog_admins_in_targets,
        coalesce(round(sum(
            case when points.is_target then true_accounts.true_lift * decisions.value_per_conversion_usd - decisions.cost_usd end
        ), 6), 0.0) as true_net_value_usd
    from points
    inner join true_accounts on points.account_id = true_accounts.account_id
    inner join decisions on points.account_id = decisions.account_id and decisions.is_shipped
    group by 1, 2, 3, 4
)

select * from final
