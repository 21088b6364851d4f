{#- Engine differences: each macro says the same thing to every warehouse that the project supports. -#}

{#- A ratio that is null, on every engine, where its denominator is zero. -#}
{% macro safe_divide(numerator, denominator) -%}
    ({{ numerator }}) / nullif({{ denominator }}, 0)
{%- endmacro %}

{#- A sum of integers as bigint: engines differ in the type that they widen to. -#}
{% macro sum_int(expression) -%}
    cast(sum({{ expression }}) as bigint)
{%- endmacro %}

{#- A number of days before a date, as a date. -#}
{% macro days_before(date_expression, days) -%}
    cast({{ date_expression }} - interval '{{ days }}' day as date)
{%- endmacro %}

{#- The bucket (0 to buckets - 1) of an id under a salt: the same on every engine and in every build. -#}
{% macro hash_bucket(id_expression, buckets, salt) -%}
    {{ return(adapter.dispatch('hash_bucket')(id_expression, buckets, salt)) }}
{%- endmacro %}

{% macro duckdb__hash_bucket(id_expression, buckets, salt) -%}
    cast(('0x' || substr(md5('{{ salt }}:' || {{ id_expression }}), 1, 8))::bigint % {{ buckets }} as int)
{%- endmacro %}
