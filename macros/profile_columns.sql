{#- One `union all` branch per column of a relation: table, position, name, type as the project calls it, rows, and filled rows. -#}
{% macro profile_columns(relation, table_name) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- for column in columns %}
    union all
    select
        '{{ table_name }}',
        {{ loop.index }},
        '{{ column.name }}',
        '{{ {'varchar': 'string', 'integer': 'int'}.get(column.dtype | lower, column.dtype | lower) }}',
        count(*),
        count({{ column.name }})
    from {{ relation }}
    {%- endfor %}
{%- endmacro %}
