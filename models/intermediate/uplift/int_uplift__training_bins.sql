-- Drift is measured from the fit of the serving model.
{% if var('refresh') %}
with final as (
    select * from {{ source('published', 'training_bins') }}
)
{% else %}
with training_values as (
    select * from {{ ref('int_uplift__training_values') }}
),

ranked as (
    select
        quantity,
        quantity_value,
        row_number() over (partition by quantity order by quantity_value, observation_id) as place,
        count(*) over (partition by quantity) as n_known
    from training_values
    where quantity_value is not null
),

-- Tied deciles (as of a rank) share a bin.
edges as (
    select distinct
        ranked.quantity,
        ranked.quantity_value as upper_edge
    from ranked
    cross join (values (1), (2), (3), (4), (5), (6), (7), (8), (9)) as deciles (decile)
    where ranked.place = cast(floor((deciles.decile * ranked.n_known + 9) / 10) as bigint)
),

bounds as (
    select
        quantity,
        lag(upper_edge) over (partition by quantity order by upper_edge) as lower_edge,
        upper_edge,
        false as is_unknown
    from edges
    union all
    select
        quantity,
        max(upper_edge) as lower_edge,
        cast(null as double) as upper_edge,
        false as is_unknown
    from edges
    group by 1
    union all
    select distinct
        quantity,
        cast(null as double) as lower_edge,
        cast(null as double) as upper_edge,
        true as is_unknown
    from training_values
),

numbered as (
    select
        *,
        cast(row_number() over (partition by quantity order by is_unknown, lower_edge nulls first) as int) as bin
    from bounds
),

final as (
    select
        numbered.quantity,
        numbered.bin,
        numbered.lower_edge,
        numbered.upper_edge,
        numbered.is_unknown,
        count(training_values.observation_id) as n_users
    from numbered
    left join training_values on {{ is_in_bin('training_values', 'numbered') }}
    group by 1, 2, 3, 4, 5
)
{% endif %}

select * from final
