{{ config(materialized='view') }}

with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
    where population = 'campaign'
),

ranked as (
    select
        observation_id,
        momentum,
        intensity,
        rank() over (order by momentum asc nulls last) - 1 as n_below_in_momentum,
        rank() over (order by intensity asc nulls last) - 1 as n_below_in_intensity,
        count(momentum) over () as n_with_momentum,
        count(intensity) over () as n_with_intensity
    from inputs
),

final as (
    select
        observation_id,
        momentum,
        intensity,
        case
            when momentum is not null then 1 + cast(floor(10 * n_below_in_momentum / n_with_momentum) as int)
        end as momentum_decile,
        case
            when intensity is not null then 1 + cast(floor(10 * n_below_in_intensity / n_with_intensity) as int)
        end as intensity_decile
    from ranked
)

select * from final
