{#- A branch of a `union all` for each column of a relation: the table's name, the column's place, name and type, rows, and rows in which it is filled. -#}
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

{#- The name of a type that this project uses for it, whatever the engine calls it. -#}
{% macro standard_type(data_type) -%}
    {{ return({'varchar': 'string', 'integer': 'int'}.get(data_type | lower, data_type | lower)) }}
{%- endmacro %}
