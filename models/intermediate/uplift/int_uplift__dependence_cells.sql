with user_deciles as (
    select * from {{ ref('int_uplift__feature_deciles') }}
),

momentum_deciles as (
    select
        momentum_decile,
        percentile_cont(0.5) within group (order by momentum) as momentum
    from user_deciles
    where momentum_decile is not null
    group by 1
    union all
    select 0, cast(null as double)
),

intensity_deciles as (
    select
        intensity_decile,
        percentile_cont(0.5) within group (order by intensity) as intensity
    from user_deciles
    where intensity_decile is not null
    group by 1
    union all
    select 0, cast(null as double)
),

final as (
    select
        momentum_deciles.momentum_decile,
        intensity_deciles.intensity_decile,
        round(momentum_deciles.momentum, 9) as momentum,
        round(intensity_deciles.intensity, 9) as intensity
    from momentum_deciles
    cross join intensity_deciles
)

select * from final
