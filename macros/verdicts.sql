{#- The verdict on a value. A check without a warn limit only ever warns; a missing value is unknown. -#}
{% macro verdict(value, check) -%}
    case
        when {{ value }} is null or {{ value }} = 'nan' then 'unknown'
        when case {{ check }}.comparison
            when 'at_least' then {{ value }} >= {{ check }}.pass_limit when 'at_most' then {{ value }} <= {{ check }}.pass_limit
        end then 'pass'
        when case {{ check }}.comparison
            when 'at_least' then {{ value }} >= {{ check }}.warn_limit when 'at_most' then {{ value }} <= {{ check }}.warn_limit
        end or {{ check }}.warn_limit is null then 'warn'
        else 'fail'
    end
{%- endmacro %}

{#- Whether a value of a feature or score lies in one of its bins: above the lower edge, at or below the upper one. -#}
{% macro is_in_bin(values, bins) -%}
    {{ values }}.quantity = {{ bins }}.quantity
        and case
            when {{ bins }}.is_unknown then {{ values }}.quantity_value is null
            else
                ({{ bins }}.lower_edge is null or {{ values }}.quantity_value > {{ bins }}.lower_edge)
                and ({{ bins }}.upper_edge is null or {{ values }}.quantity_value <= {{ bins }}.upper_edge)
        end
{%- endmacro %}
