{#- A branch of a `union all` for each column of a relation: its place, name and type, rows, and rows in which it is filled. -#}
{% macro profile_columns(relation) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- for column in columns %}
    union all
    select
        '{{ relation.identifier }}',
        {{ loop.index }},
        '{{ column.name }}',
        '{{ column.dtype | lower }}',
        count(*),
        count({{ column.name }})
    from {{ relation }}
    {%- endfor %}
{%- endmacro %}
