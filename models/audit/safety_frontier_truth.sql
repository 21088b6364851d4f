with grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

accounts as (
    select * from {{ ref('int_policy__frontier_accounts') }}
    where population = 'campaign'
),

judged as (
    select * from {{ ref('int_audit__accounts') }}
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
