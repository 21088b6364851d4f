with user_tenths as (
    select * from {{ ref('int_uplift__feature_tenths') }}
),

momentum_tenths as (
    select
        momentum_tenth,
        percentile_cont(0.5) within group (order by momentum) as momentum
    from user_tenths
    where momentum_tenth is not null
    group by 1
    union all
    select 0, cast(null as double)
),

intensity_tenths as (
    select
        intensity_tenth,
        percentile_cont(0.5) within group (order by intensity) as intensity
    from user_tenths
    where intensity_tenth is not null
    group by 1
    union all
    select 0, cast(null as double)
),

final as (
    select
        momentum_tenths.momentum_tenth,
        intensity_tenths.intensity_tenth,
        round(momentum_tenths.momentum, 9) as momentum,
        round(intensity_tenths.intensity, 9) as intensity
    from momentum_tenths
    cross join intensity_tenths
)

select * from final
