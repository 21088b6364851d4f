with user_deciles as (
    select * from {{ ref('int_uplift__feature_deciles') }}
),

{% for feature in ['momentum', 'intensity'] %}
{{ feature }}_deciles as (
    select
        {{ feature }}_decile,
        percentile_cont(0.5) within group (order by {{ feature }}) as {{ feature }}
    from user_deciles
    where {{ feature }}_decile is not null
    group by 1
    union all
    select 0, cast(null as double)
),

{% endfor %}
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
