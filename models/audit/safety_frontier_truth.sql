with grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

accounts as (
    select * from {{ ref('int_policy__frontier_accounts') }}
    where population = 'campaign'
),

policies as (
    select * from {{ ref('int_policy__policies') }}
    where is_shipped
),

decisions as (
    select * from {{ ref('account_policy') }}
    where is_shipped
),

users as (
    select
        *,
        true_group = 'sleeping_dog' as is_true_sleeping_dog
    from {{ ref('int_audit__users') }}
),

true_accounts as (
    select
        users.population,
        users.campaign_id,
        users.account_id,
        {{ exact_sum('users.true_lift', filter='users.is_nudged_in_target') }} as true_lift,
        -- Whom the oracle would nudge in a target: everybody who is helped and no Sleeping Dog.
        {{ exact_sum('users.true_lift', filter='users.true_lift > 0 and not users.is_true_sleeping_dog') }} as oracle_lift,
        count(*) filter (where users.true_lift > 0 and not users.is_true_sleeping_dog) as n_oracle_nudges,
        count(*) filter (where users.true_group = 'persuadable') as n_persuadables,
        count(*) filter (where users.true_group = 'persuadable' and users.is_nudged_in_target) as n_persuadables_helped,
        count(*) filter (where users.is_true_sleeping_dog and users.is_nudged_in_target) as n_sleeping_dogs_helped,
        count(*) filter (where users.is_true_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where users.is_true_sleeping_dog and users.is_admin) as n_sleeping_dog_admins,
        count(*) as n_users
    from users
    inner join policies on users.policy_id = policies.policy_id
    group by 1, 2, 3
),

-- The oracle knows every lift and group, obeys the same guardrails, and nudges no Sleeping Dog.
judged as (
    select
        true_accounts.*,
        decisions.decision = 'target' as is_target,
        coalesce(true_accounts.true_lift, 0.0) * decisions.value_per_conversion_usd - decisions.cost_usd as true_value_usd,
        coalesce(true_accounts.oracle_lift, 0.0) * decisions.value_per_conversion_usd
        - policies.cost_per_account_usd
        - policies.cost_per_nudge_usd * true_accounts.n_oracle_nudges as oracle_value_usd,
        true_accounts.n_sleeping_dog_admins = 0
        and not {{ is_toxic('true_accounts.n_sleeping_dogs', 'true_accounts.n_users', 'policies') }}
        and true_accounts.n_users >= policies.min_scored_users as passes_guardrails
    from true_accounts
    inner join decisions
        on true_accounts.campaign_id = decisions.campaign_id and true_accounts.account_id = decisions.account_id
    cross join policies
),

compared as (
    select
        *,
        passes_guardrails and oracle_value_usd > 0 as is_oracle_target
    from judged
),

points as (
    select
        'campaign' as population,
        grid.point_id,
        grid.sleeping_dog_lift_threshold,
        grid.harm_confidence,
        grid.is_shipped,
        accounts.is_target,
        compared.is_oracle_target,
        compared.n_persuadables,
        compared.n_persuadables_helped as n_persuadables_reached,
        compared.n_sleeping_dogs_helped as n_sleeping_dogs_nudged,
        compared.n_sleeping_dogs,
        compared.n_sleeping_dog_admins,
        compared.true_value_usd
    from grid
    inner join accounts on grid.point_id = accounts.point_id
    inner join compared on accounts.campaign_id = compared.campaign_id and accounts.account_id = compared.account_id
    union all
    select
        population,
        'shipped' as point_id,
        null,
        null,
        true,
        is_target,
        is_oracle_target,
        n_persuadables,
        n_persuadables_helped,
        n_sleeping_dogs_helped,
        n_sleeping_dogs,
        n_sleeping_dog_admins,
        true_value_usd
    from compared
    where population = 'today'
    union all
    select
        population,
        'oracle' as point_id,
        null,
        null,
        false,
        is_oracle_target,
        is_oracle_target,
        n_persuadables,
        n_persuadables,
        0,
        n_sleeping_dogs,
        n_sleeping_dog_admins,
        oracle_value_usd
    from compared
),

final as (
    select
        population,
        point_id,
        sleeping_dog_lift_threshold,
        harm_confidence,
        is_shipped,
        count(*) filter (where is_target) as n_target_accounts,
        count(*) filter (where is_oracle_target and not is_target) as n_oracle_targets_missed,
        count(*) filter (where is_target and n_sleeping_dog_admins > 0) as n_targets_with_sleeping_dog_admin,
        coalesce({{ sum_int('n_persuadables_reached', filter='is_target') }}, 0) as n_persuadables_reached,
        round({{ safe_divide(
            "coalesce(sum(n_persuadables_reached) filter (where is_target), 0)", 'sum(n_persuadables)'
        ) }}, 9) as persuadables_reached_share,
        coalesce({{ sum_int('n_sleeping_dogs_nudged', filter='is_target') }}, 0) as n_sleeping_dogs_nudged,
        round({{ safe_divide(
            "coalesce(sum(n_sleeping_dogs_nudged) filter (where is_target), 0)", 'sum(n_sleeping_dogs)'
        ) }}, 9) as sleeping_dogs_nudged_share,
        coalesce({{ sum_int('n_sleeping_dog_admins', filter='is_target') }}, 0) as n_sleeping_dog_admins_in_targets,
        coalesce({{ exact_sum_usd('true_value_usd', filter='is_target') }}, 0.0) as true_net_value_usd
    from points
    group by 1, 2, 3, 4, 5
)

select * from final
