{#- A value no larger than its cap. Not `least`: it ignores nulls, and an unknown value would become the cap. -#}
{% macro winsorise(value, cap) -%}
    case when {{ value }} > {{ cap }} then {{ cap }} else {{ value }} end
{%- endmacro %}
