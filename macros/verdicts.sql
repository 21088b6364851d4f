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

