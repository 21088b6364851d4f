{#-
    Two populations share the same models: users as of each past campaign (`campaign`), and today's users (`today`). A refresh
    (`refresh: true`) replaces only today's rows, and its tests judge only these, since the others predate the new delivery.
-#}
{% macro is_in_scope() -%}
    {{ "population = 'today'" if var('refresh') else 'true' }}
{%- endmacro %}

{% macro where_in_scope() -%}
    {{ "where population = 'today'" if var('refresh') }}
{%- endmacro %}
