{#-
    Two populations go through the same models: every user as of each past campaign (`campaign`), and every user of today
    (`today`). A refresh (`refresh: true`) replaces today's rows and leaves those of past campaigns as the last full build made them;
    its tests judge today's rows alone, since those of the past know nothing of what was delivered since.
-#}
{% macro is_in_scope() -%}
    {{ "population = 'today'" if var('refresh') else 'true' }}
{%- endmacro %}

{% macro where_in_scope() -%}
    {{ "where population = 'today'" if var('refresh') }}
{%- endmacro %}
