{#- Engine differences: each macro means the same on every supported engine. -#}

{#- A ratio that is null if its denominator is zero. -#}
{% macro safe_divide(numerator, denominator) -%}
    ({{ numerator }}) / nullif({{ denominator }}, 0)
{%- endmacro %}

{#- A sum of integers as bigint; engines widen to different types. -#}
{% macro sum_int(expression, filter=none) -%}
    cast(sum({{ expression }}){{ ' filter (where ' ~ filter ~ ')' if filter }} as bigint)
{%- endmacro %}

{#- A number in whole billionths, so sums don't depend on the order of addition. -#}
{% macro billionths(expression) -%}
    cast(round(1e9 * ({{ expression }})) as bigint)
{%- endmacro %}

{#- A sum to nine decimals. -#}
{% macro exact_sum(expression, filter=none) -%}
    {{ sum_int(billionths(expression), filter) }} / 1e9
{%- endmacro %}

{#- A number in whole millionths, mostly US dollars. -#}
{% macro millionths(expression) -%}
    cast(round(1e6 * ({{ expression }})) as bigint)
{%- endmacro %}

{#- A sum of US dollars, to six decimals. -#}
{% macro exact_sum_usd(expression, filter=none) -%}
    {{ sum_int(millionths(expression), filter) }} / 1e6
{%- endmacro %}

{#- A mean to six decimals, of whole millionths, independent of the order of addition and of an engine's rounding of ties. -#}
{% macro mean_of_millionths(expression) -%}
    round({{ safe_divide(sum_int(millionths(expression)), 'count(' ~ expression ~ ')') }}) / 1e6
{%- endmacro %}

{#- The value of a lift in millionths of US dollars, as decimals, since engines round ties of doubles differently. -#}
{% macro dollars(lift, value) -%}
    cast(round(cast({{ lift }} as decimal(23, 9)) * cast({{ value }} as decimal(14, 4)), 6) as double)
{%- endmacro %}

{#- The date a number of days before another. -#}
{% macro days_before(date_expression, days) -%}
    cast({{ date_expression }} - interval '{{ days }}' day as date)
{%- endmacro %}

{#- The bucket (0 to buckets - 1) of an id under a salt, both SQL expressions. -#}
{% macro hash_bucket(id_expression, buckets, salt) -%}
    cast({{ hex_to_int("substr(md5(" ~ salt ~ " || ':' || " ~ id_expression ~ "), 1, 8)") }} % {{ buckets }} as int)
{%- endmacro %}

{#- At most 15 hexadecimal digits as a bigint. -#}
{% macro hex_to_int(digits) -%}
    {{ return(adapter.dispatch('hex_to_int')(digits)) }}
{%- endmacro %}

{% macro duckdb__hex_to_int(digits) -%}
    ('0x' || {{ digits }})::bigint
{%- endmacro %}

{% macro spark__hex_to_int(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}

{#- The values of a text expression joined in the order of another expression. -#}
{% macro join_rows(expression, separator, order_by) -%}
    {{ return(adapter.dispatch('join_rows')(expression, separator, order_by)) }}
{%- endmacro %}

{% macro duckdb__join_rows(expression, separator, order_by) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__join_rows(expression, separator, order_by) -%}
    listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{#- A condition whose evaluation ends the query, and so the model, with a message. -#}
{% macro raise_error(message) -%}
    {{ return(adapter.dispatch('raise_error')(message)) }}
{%- endmacro %}

{% macro duckdb__raise_error(message) -%}
    cast(error({{ message }}) as boolean)
{%- endmacro %}

{% macro spark__raise_error(message) -%}
    cast(raise_error({{ message }}) as boolean)
{%- endmacro %}

{#- Registers a directory of Parquet files, laid out as schema/table, with an engine that has no catalogue. -#}
{% macro register_files() -%}
    {%- set directory = env_var('CAUSALYN_SPARK_FILES', '') -%}
    {%- if execute and target.type != 'duckdb' and directory and flags.WHICH in ['build', 'run'] -%}
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

{#- A number with a fixed number of decimals, for display. -#}
{% macro in_decimals(expression, decimals) -%}
    cast(cast(round({{ expression }}, {{ decimals }}) as decimal(38, {{ decimals }})) as string)
{%- endmacro %}

{#- Creates a table, and its schema, if missing. -#}
{% macro make_table(table, columns) -%}
    {%- do run_query('create schema if not exists ' ~ table.split('.')[0]) -%}
    {%- do run_query(
        'create table if not exists ' ~ table ~ ' (' ~ columns | join(', ') ~ ')'
        ~ ('' if target.type == 'duckdb' else ' using parquet')
    ) -%}
{%- endmacro %}

{#- Creates or replaces a table with the rows of a query. -#}
{% macro replace_table(table, query) -%}
    {%- do run_query('create schema if not exists ' ~ table.split('.')[0]) -%}
    {%- if target.type == 'duckdb' -%}
        {%- do run_query('create or replace table ' ~ table ~ ' as ' ~ query) -%}
    {%- else -%}
        {%- do run_query('drop table if exists ' ~ table) -%}
        {%- do run_query('create table ' ~ table ~ ' using parquet as ' ~ query) -%}
    {%- endif -%}
{%- endmacro %}
