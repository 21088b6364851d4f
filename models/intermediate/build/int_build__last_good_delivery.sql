-- What is published is read before it is replaced. There is nothing to read before the first publication, and nothing is read
-- where the variable `deliveries` says so.
{% set published = earlier_table('marts', 'last_good_delivery') %}

with last_good_delivery as (
    {% if published %}
    select
        measure_id,
        subject,
        measure,
        data_type
    from {{ published }}
    {% else %}
    select
        cast(null as string) as measure_id,
        cast(null as string) as subject,
        cast(null as double) as measure,
        cast(null as string) as data_type
    where false
    {% endif %}
),

final as (
    select * from last_good_delivery
)

select * from final
