{#-
    Whether a group, the rows of one user and month, holds a day more than once: with a bit for each day of the month, it has
    fewer bits than rows. Exact, and a third of the cost of grouping by day. A row without a date counts as a repeat.
-#}
{% macro repeats_a_day(date_expression) -%}
    count(*) <> bit_count(bit_or(cast(1 as bigint) << day({{ date_expression }})))
{%- endmacro %}

{#- A word without its case and padding if it is one of those known, else what stands for the unknown. -#}
{% macro known_word(column, words, otherwise) -%}
    case
        when lower(trim({{ column }})) in ('{{ words | join("', '") }}') then lower(trim({{ column }}))
        else '{{ otherwise }}'
    end
{%- endmacro %}
