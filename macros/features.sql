{#- The heavy-tailed features, whose values above the training rows' 99th percentile count as that percentile. -#}
{% macro winsorised_features() -%}
    {{ return([
        'actions_7d', 'actions_30d', 'core_actions_30d', 'collab_actions_30d', 'minutes_30d',
        'week_on_week_change', 'intensity',
    ]) }}
{%- endmacro %}

{#- A value no larger than its cap. `least` won't do: it would turn an unknown value into the cap. -#}
{% macro winsorise(value, cap) -%}
    case when {{ value }} > {{ cap }} then {{ cap }} else {{ value }} end
{%- endmacro %}
