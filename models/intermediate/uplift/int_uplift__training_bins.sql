-- Drift is measured from the fit of the serving model.
{% if var('refresh') %}
with final as (
    select * from {{ source('published', 'training_bins') }}
)
{% else %}
-- Quantities have fewer values than users, so only the values are sorted.
with counted as (
    select
        quantity,
        quantity_value,
        count(*) as n_users
    from {{ ref('int_uplift__training_values') }}
    group by 1, 2
),

placed as (
    select
        *,
        cast(sum(n_users) over (partition by quantity order by quantity_value) as bigint) as n_up_to,
        cast(sum(n_users) over (partition by quantity) as bigint) as n_known
    from counted
    where quantity_value is not null
),

-- The values at which a decile ends. Tied deciles (as of a rank) share a bin.
edges as (
    select * from placed
    where least(9, floor(10 * n_up_to / n_known)) > floor(10 * (n_up_to - n_users) / n_known)
),

bounds as (
    select
        quantity,
        lag(quantity_value) over (partition by quantity order by n_up_to) as lower_edge,
        quantity_value as upper_edge,
        false as is_unknown,
        n_up_to - coalesce(lag(n_up_to) over (partition by quantity order by n_up_to), 0) as n_users
    from edges
    union all
    select quantity, max(quantity_value), cast(null as double), false, max(n_known) - max(n_up_to) from edges
    group by 1
    union all
    select
        quantity,
        cast(null as double),
        cast(null as double),
        true,
        coalesce({{ sum_int('n_users', filter='quantity_value is null') }}, 0)
    from counted
    group by 1
),

final as (
    select
        quantity,
        cast(row_number() over (partition by quantity order by is_unknown, lower_edge nulls first) as int) as bin,
        lower_edge,
        upper_edge,
        is_unknown,
        n_users
    from bounds
)
{% endif %}

select * from final
