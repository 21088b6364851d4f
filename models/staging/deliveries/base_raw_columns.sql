with columns_found as (
    select
        cast(null as string) as table_name,
        cast(null as int) as column_position,
        cast(null as string) as column_name,
        cast(null as string) as data_type,
        cast(null as bigint) as n_rows,
        cast(null as bigint) as n_filled
    where false
    {% for table in [
        'accounts', 'users', 'user_activity_daily', 'user_events', 'user_features', 'interventions', 'outcomes', 'campaign_events',
        'bandit_log',
    ] %}
    {% set relation = ref('input_' ~ table) %}
    {% for column in adapter.get_columns_in_relation(relation) if execute %}
    union all
    select
        '{{ table }}_raw',
        {{ loop.index }},
        '{{ column.name }}',
        '{{ {'varchar': 'string', 'integer': 'int'}.get(column.dtype | lower, column.dtype | lower) }}',
        count(*),
        count({{ column.name }})
    from {{ relation }}
    {% endfor %}
    {% endfor %}
),

final as (
    select
        *,
        {{ safe_divide('cast(n_filled as double)', 'n_rows') }} as filled_share
    from columns_found
)

select * from final
