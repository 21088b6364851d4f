{#- A value no larger than its cap. Not `least`: it ignores nulls, and an unknown value would become the cap. -#}
{% macro winsorise(value, cap) -%}
    case when {{ value }} > {{ cap }} then {{ cap }} else {{ value }} end
{%- endmacro %}

{#- A branch of a `union all` for each feature of the learner's inputs, which is every column after is_converted: a row a user. -#}
{% macro unpivot_features(relation) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- set found = namespace(is_feature=false) -%}
    {%- for column in columns %}
    {%- if found.is_feature %}
    union all
    select user_id, '{{ column.name }}', cast({{ column.name }} as double) from {{ relation }}
    {%- endif %}
    {%- set found.is_feature = found.is_feature or column.name == 'is_converted' %}
    {%- endfor %}
{%- endmacro %}
