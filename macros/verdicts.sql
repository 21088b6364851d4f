{#- The verdict on what was measured (`measures`) by `rules`. A value that could not be measured fails: unknown means safe. -#}
{% macro verdict() -%}
    case
        when rules.comparison = 'at_least' and measures.value >= rules.pass_limit then 'pass'
        when rules.comparison = 'at_most' and measures.value <= rules.pass_limit then 'pass'
        when rules.comparison = 'at_least' and measures.value >= rules.warn_limit then 'warn'
        when rules.comparison = 'at_most' and measures.value <= rules.warn_limit then 'warn'
        else 'fail'
    end
{%- endmacro %}

{#- Whether a value of a feature or score lies in a bin of the same: above its lower edge, at most at its upper one. -#}
{% macro is_in_bin(values, bins) -%}
    {{ values }}.quantity = {{ bins }}.quantity
        and case
            when {{ bins }}.is_unknown then {{ values }}.quantity_value is null
            else
                ({{ bins }}.lower_edge is null or {{ values }}.quantity_value > {{ bins }}.lower_edge)
                and ({{ bins }}.upper_edge is null or {{ values }}.quantity_value <= {{ bins }}.upper_edge)
        end
{%- endmacro %}
