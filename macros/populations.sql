{#-
    Two populations go through the same models: every user as of each past campaign (`campaign`), and every user of today
    (`today`). A refresh (`refresh: true`) replaces today's rows and leaves those of past campaigns as the last full build made them.
-#}
{% macro where_in_scope() -%}
    {{ "where population = 'today'" if var('refresh') }}
{%- endmacro %}

{#- The rows that a test judges: in a refresh those that it made. Those of past campaigns are as the last full build left them, which
    the accounts, users and activity that were delivered since must not be held against. -#}
{% macro is_judged() -%}
    {{ "population = 'today'" if var('refresh') else 'true' }}
{%- endmacro %}
