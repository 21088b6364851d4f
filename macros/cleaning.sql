{#- A word without its case and padding if it is one of those known, else what stands for the unknown. -#}
{% macro known_word(column, words, otherwise) -%}
    case
        when lower(trim({{ column }})) in ('{{ words | join("', '") }}') then lower(trim({{ column }}))
        else '{{ otherwise }}'
    end
{%- endmacro %}
