{#-
    Two populations go through the same models: every user as of each past campaign (`campaign`), and every user of today
    (`today`). A refresh (`refresh: true`) replaces today's rows and leaves those of past campaigns as the last full build made them.
-#}
{% macro where_in_scope() -%}
    {{ "where population = 'today'" if var('refresh') }}
{%- endmacro %}
