{#- One `union all` branch per column of a relation: table, position, name, type, rows, and filled rows. -#}
{% macro profile_columns(relation, table_name) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- for column in columns %}
    union all
    select
        '{{ table_name }}',
        {{ loop.index }},
        '{{ column.name }}',
        '{{ standard_type(column.dtype) }}',
        count(*),
        count({{ column.name }})
    from {{ relation }}
    {%- endfor %}
{%- endmacro %}

{#- The project's name for an engine's type. -#}
{% macro standard_type(data_type) -%}
    {{ return({'varchar': 'string', 'integer': 'int'}.get(data_type | lower, data_type | lower)) }}
{%- endmacro %}
