{#- A table as an earlier build left it, which no `ref` can name, or nothing where there is none to be compared with. -#}
{% macro earlier_table(schema, name) -%}
    {%- set found = adapter.get_relation(this.database, schema, name) if execute and var('deliveries') == 'compare' -%}
    {{ return(found) }}
{%- endmacro %}
