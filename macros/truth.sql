{#-
    Hidden truth lives in a database file of its own beside the warehouse. Only the audit folder attaches it, as its
    pre-hook; where the file is absent no rows stand in, so that the audit says "unknown".
-#}
{% macro truth_path() -%}
    {{ return((modules.re.sub('\.duckdb$', '', target.path) ~ '.truth.duckdb') | replace("'", "''")) }}
{%- endmacro %}

{% macro has_truth() -%}
    {{ return(adapter.dispatch('has_truth')()) }}
{%- endmacro %}

{% macro spark__has_truth() -%}
    {{ return(execute and run_query("show schemas like 'truth'").rows | length > 0) }}
{%- endmacro %}

{% macro duckdb__has_truth() -%}
    {{ return(execute and run_query("select count(*) from glob('" ~ truth_path() ~ "')").columns[0].values()[0] > 0) }}
{%- endmacro %}

{% macro attach_truth() -%}
    {%- if target.type == 'duckdb' and has_truth() -%}
        attach if not exists '{{ truth_path() }}' as truth (read_only)
    {%- endif -%}
{%- endmacro %}

{#- The hidden table, or no rows in its shape. -#}
{% macro truth_or_nothing(hidden_table) -%}
    {%- if has_truth() -%}
        {{ hidden_table }}
    {%- else -%}
        (
            select
                cast(null as string) as user_id,
                cast(null as string) as latent_uplift_group,
                cast(null as double) as true_lift
            where false
        ) as nothing
    {%- endif -%}
{%- endmacro %}
