{#- Engine differences: each macro says the same thing to every warehouse that the project supports. -#}

{#- A ratio that is null, on every engine, where its denominator is zero. -#}
{% macro safe_divide(numerator, denominator) -%}
    ({{ numerator }}) / nullif({{ denominator }}, 0)
{%- endmacro %}

{#- A sum of integers as bigint: engines differ in the type that they widen to. -#}
{% macro sum_int(expression, filter=none) -%}
    cast(sum({{ expression }}){{ ' filter (where ' ~ filter ~ ')' if filter }} as bigint)
{%- endmacro %}

{#- Whole billionths of a number, whose sum does not depend on the order of addition. -#}
{% macro billionths(expression) -%}
    cast(round(1e9 * ({{ expression }})) as bigint)
{%- endmacro %}

{#- A sum to nine decimals. -#}
{% macro exact_sum(expression, filter=none) -%}
    {{ sum_int(billionths(expression), filter) }} / 1e9
{%- endmacro %}

{#- Whole millionths of a number, mostly US dollars. -#}
{% macro millionths(expression) -%}
    cast(round(1e6 * ({{ expression }})) as bigint)
{%- endmacro %}

{#- A sum of US dollars, to six decimals. -#}
{% macro exact_sum_usd(expression, filter=none) -%}
    {{ sum_int(millionths(expression), filter) }} / 1e6
{%- endmacro %}

{#- The mean, to six decimals: of whole millionths, so that neither the order of addition nor an engine's rounding of ties matters. -#}
{% macro mean_of_millionths(expression) -%}
    round({{ safe_divide(sum_int(millionths(expression)), 'count(' ~ expression ~ ')') }}) / 1e6
{%- endmacro %}

{#- US dollars, in millionths, of a lift: multiplied and rounded as decimals, since engines round the ties of doubles differently. -#}
{% macro dollars(lift, value) -%}
    cast(round(cast({{ lift }} as decimal(23, 9)) * cast({{ value }} as decimal(14, 4)), 6) as double)
{%- endmacro %}

{#- A number of days before a date, as a date. -#}
{% macro days_before(date_expression, days) -%}
    cast({{ date_expression }} - interval '{{ days }}' day as date)
{%- endmacro %}

{#- The bucket (0 to buckets - 1) of an id under a salt, both SQL expressions: the same on every engine and in every build. -#}
{% macro hash_bucket(id_expression, buckets, salt) -%}
    cast({{ hex_to_int("substr(md5(" ~ salt ~ " || ':' || " ~ id_expression ~ "), 1, 8)") }} % {{ buckets }} as int)
{%- endmacro %}

{#- The number that at most 15 hexadecimal digits write, as a bigint. -#}
{% macro hex_to_int(digits) -%}
    {{ return(adapter.dispatch('hex_to_int')(digits)) }}
{%- endmacro %}

{% macro duckdb__hex_to_int(digits) -%}
    ('0x' || {{ digits }})::bigint
{%- endmacro %}

{% macro spark__hex_to_int(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}

{#- The values of a text expression in one text, in the order of another expression. -#}
{% macro join_rows(expression, separator, order_by) -%}
    {{ return(adapter.dispatch('join_rows')(expression, separator, order_by)) }}
{%- endmacro %}

{% macro duckdb__join_rows(expression, separator, order_by) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__join_rows(expression, separator, order_by) -%}
    listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{#- A condition that never holds: evaluating it ends the query, and so the model, with a message. -#}
{% macro raise_error(message) -%}
    {{ return(adapter.dispatch('raise_error')(message)) }}
{%- endmacro %}

{% macro duckdb__raise_error(message) -%}
    cast(error({{ message }}) as boolean)
{%- endmacro %}

{% macro spark__raise_error(message) -%}
    cast(raise_error({{ message }}) as boolean)
{%- endmacro %}

{#- Makes the tables of a directory of Parquet files, laid out as schema/table, known to an engine that keeps none itself. -#}
{% macro register_files() -%}
    {{ return(adapter.dispatch('register_files')()) }}
{%- endmacro %}

{% macro duckdb__register_files() -%}
{%- endmacro %}

{% macro spark__register_files() -%}
    {%- set directory = env_var('CAUSALYN_SPARK_FILES', '') -%}
    {%- if execute and directory and flags.WHICH in ['build', 'run'] -%}
        {%- for source in graph.sources.values() if source.source_name != 'published' -%}
            {%- do run_query('create schema if not exists ' ~ source.schema) -%}
            {%- do run_query('drop table if exists ' ~ source.schema ~ '.' ~ source.name) -%}
            {%- do run_query(
                'create table ' ~ source.schema ~ '.' ~ source.name ~ " using parquet location '"
                ~ directory ~ '/' ~ source.schema ~ '/' ~ source.name ~ "'"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- A number with a fixed count of decimals, for people. -#}
{% macro in_decimals(expression, decimals) -%}
    cast(cast(round({{ expression }}, {{ decimals }}) as decimal(38, {{ decimals }})) as string)
{%- endmacro %}

{#- Makes a table, and its schema, where there is none. -#}
{% macro make_table(table, columns) -%}
    {%- do run_query('create schema if not exists ' ~ table.split('.')[0]) -%}
    {%- do run_query(
        'create table if not exists ' ~ table ~ ' (' ~ columns | join(', ') ~ ')'
        ~ ('' if target.type == 'duckdb' else ' using parquet')
    ) -%}
{%- endmacro %}

{#- Puts the rows of a query in the place of a table, whether there was one or not. -#}
{% macro replace_table(table, query) -%}
    {%- do run_query('create schema if not exists ' ~ table.split('.')[0]) -%}
    {%- do adapter.dispatch('replace_table')(table, query) -%}
{%- endmacro %}

{% macro duckdb__replace_table(table, query) -%}
    {%- do run_query('create or replace table ' ~ table ~ ' as ' ~ query) -%}
{%- endmacro %}

{% macro spark__replace_table(table, query) -%}
    {%- do run_query('drop table if exists ' ~ table) -%}
    {%- do run_query('create table ' ~ table ~ ' using parquet as ' ~ query) -%}
{%- endmacro %}
