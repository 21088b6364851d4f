with grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

shipped as (
    select harm_confidence
    from grid
    where is_shipped
),

accounts as (
    select * from {{ ref('int_policy__frontier_accounts') }}
    where population = 'today'
),

final as (
    select
        accounts.account_id,
        grid.sleeping_dog_lift_threshold,
        grid.is_shipped,
        accounts.n_unsupported_admins,
        accounts.n_sleeping_dogs,
        accounts.n_sleeping_dog_admins,
        accounts.is_target
    from accounts
    inner join grid on accounts.point_id = grid.point_id
    inner join shipped on grid.harm_confidence = shipped.harm_confidence
)

select * from final
