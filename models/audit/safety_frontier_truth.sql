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

points as (
    select
        'campaign' as population,
        grid.point_id,
        grid.sleeping_dog_lift_threshold,
        grid.harm_confidence,
        grid.is_shipped,
        accounts.is_target,
        judged.n_persuadables,
        judged.n_persuadables_helped as n_persuadables_reached,
        judged.n_sleeping_dogs_helped as n_sleeping_dogs_nudged,
        judged.n_sleeping_dogs,
        judged.n_sleeping_dog_admins,
        judged.true_value_usd
    from grid
    inner join accounts on grid.point_id = accounts.point_id
    inner join judged on accounts.campaign_id = judged.campaign_id and accounts.account_id = judged.account_id
    union all
    select
        population,
        'shipped' as point_id,
        null,
        null,
        true,
        is_target,
        n_persuadables,
        n_persuadables_helped,
        n_sleeping_dogs_helped,
        n_sleeping_dogs,
        n_sleeping_dog_admins,
        true_value_usd
    from judged
    where population = 'today'
    union all
    select
        population,
        'oracle' as point_id,
        null,
        null,
        false,
        passes_guardrails and oracle_value_usd > 0,
        n_persuadables,
        n_persuadables,
        0,
        n_sleeping_dogs,
        n_sleeping_dog_admins,
        oracle_value_usd
    from judged
),

final as (
    select
        population,
        point_id,
        sleeping_dog_lift_threshold,
        harm_confidence,
        is_shipped,
        count(*) filter (where is_target) as n_target_accounts,
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
