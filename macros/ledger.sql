{#-
    Tables that only grow (materialized: appended; on Spark, dbt's own incremental). Their rows wait as candidates, and are appended
    in the transaction that publishes the lists (macros/publication.sql). Nothing here drops or rewrites such a table.
-#}

{%- macro appended_nodes() -%}
    {{ return(graph.nodes.values() | selectattr('config.materialized', 'in', ['appended', 'incremental']) | list) }}
{%- endmacro -%}

{#- Makes the tables with the columns of their contracts, or gives them the columns that they lack. -#}
{%- macro make_appended_tables() -%}
    {%- for node in appended_nodes() -%}
        {%- set table = node.schema ~ '.' ~ node.alias -%}
        {%- set columns = [] -%}
        {%- for column in node.columns.values() -%}{%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}{%- endfor -%}
        {%- do run_query('create schema if not exists ' ~ node.schema) -%}
        {%- do run_query(
            'create table if not exists ' ~ table ~ ' (' ~ columns | join(', ') ~ ')'
            ~ ('' if target.type == 'duckdb' else ' using parquet')
        ) -%}
        {#- dbt looked at what there is before this, and would make the table again. -#}
        {%- do adapter.cache_added(
            api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias, type='table')
        ) -%}
        {%- if target.type == 'duckdb' -%}
            {%- for column in columns -%}{%- do run_query('alter table ' ~ table ~ ' add column if not exists ' ~ column) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}

{% materialization appended, adapter='duckdb' %}
    {{ return({'relations': [make_candidate()]}) }}
{% endmaterialization %}

{#- Appends the candidates, within the transaction of the caller. -#}
{%- macro append_candidates() -%}
    {%- for node in appended_nodes() if node.unique_id in selected_resources -%}
        {%- do run_query(
            'insert into ' ~ node.schema ~ '.' ~ node.alias ~ ' by name from '
            ~ candidate_schema(node.schema) ~ '.' ~ node.alias
        ) -%}
    {%- endfor -%}
{%- endmacro -%}
