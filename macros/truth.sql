{#-
    Hidden truth is a separate database file beside the warehouse, attached only for models of the audit folder. A missing file or table
    counts as empty.
-#}
{% macro truth_path() -%}
    {{ return((modules.re.sub('\.duckdb$', '', target.path) ~ '.truth.duckdb') | replace("'", "''")) }}
{%- endmacro %}

{% macro has_truth(hidden_table) -%}
    {{ return(adapter.dispatch('has_truth')(hidden_table)) }}
{%- endmacro %}

{% macro spark__has_truth(hidden_table) -%}
    {{ return(
        execute and run_query("show schemas like 'truth'").rows | length > 0
        and run_query("show tables in truth like '" ~ hidden_table ~ "'").rows | length > 0
        and run_query('select count(*) from truth.' ~ hidden_table).columns[0].values()[0] > 0
    ) }}
{%- endmacro %}

{% macro duckdb__has_truth(hidden_table) -%}
    {%- set pattern = modules.re.sub('([\\[*?])', '[\\1]', truth_path()) -%}
    {%- if execute and run_query("select count(*) from glob('" ~ pattern ~ "')").columns[0].values()[0] > 0 -%}
        {%- do run_query("attach if not exists '" ~ truth_path() ~ "' as truth (read_only)") -%}
        {%- set tables = run_query("select database_name || '.' || schema_name || '.' || table_name from duckdb_tables()").columns[0].values() -%}
        {#- Data loaded before origins were recorded, or by another loader, can't be compared. -#}
        {%- if 'truth.main.origin' in tables and target.database ~ '.raw.origin' in tables and run_query(
            'select count(*) from truth.main.origin inner join raw.origin using (loaded_at)'
        ).columns[0].values()[0] == 0 -%}
            {{ exceptions.raise_compiler_error(
                'The hidden truth in ' ~ truth_path() ~ ' belongs to other raw tables, since a load or a generation was interrupted. '
                ~ 'Load or generate them again'
            ) }}
        {%- endif -%}
        {{ return(run_query(
            "select count(*) from duckdb_tables() where database_name = 'truth' and table_name = '" ~ hidden_table ~ "'"
        ).columns[0].values()[0] > 0) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

{#- A hidden table or, if missing, a substitute or no rows of its shape. -#}
{% macro truth_or_nothing(hidden_table, otherwise=none) -%}
    {%- if has_truth(hidden_table) -%}
        {{ source('truth', hidden_table) }}
    {%- elif otherwise and has_truth(otherwise) -%}
        {{ source('truth', otherwise) }}
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
