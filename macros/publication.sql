{#-
    Write, audit, publish. On DuckDB the tables downstream of the publication gate (materialized: published) are first written as
    candidates, into schemas of their own, where the rest of the run reads and tests them. At the end of a run in which nothing
    failed one transaction puts them all in the place of the published ones: whoever looks, and whenever the run is killed, there
    are the tables of one build. The candidates of a run that failed stay until the next one, to be looked at.
    Parquet tables on Spark have no transactions that span tables: there each is replaced once its own upstream has passed.
-#}

{%- macro candidate_schema(schema) -%}
    {{ return('candidate_' ~ schema) }}
{%- endmacro -%}

{%- macro candidate_of(relation) -%}
    {{ return(relation.incorporate(path={'schema': candidate_schema(relation.schema)})) }}
{%- endmacro -%}

{#- Within a run that makes a table anew, whoever refers to it means its candidate. Unit tests refer to their own rows. -#}
{% macro ref() %}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {%- set node_id = 'model.' ~ project_name ~ '.' ~ varargs[-1] -%}
    {%- if execute and model.resource_type != 'unit_test' and node_id in candidate_ids() -%}
        {{ return(candidate_of(relation)) }}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}

{%- macro candidate_ids() -%}
    {%- set ids = [] -%}
    {%- if flags.WHICH in ['build', 'run'] -%}
        {%- for node_id in selected_resources if node_id.startswith('model.') -%}
            {%- if graph.nodes[node_id].config.materialized == 'published' -%}{%- do ids.append(node_id) -%}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(ids) }}
{%- endmacro -%}

{#- Makes the candidate of the model that is being built. -#}
{%- macro make_candidate() -%}
    {%- set candidate = candidate_of(this.incorporate(type='table')) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        {{ create_table_as(False, candidate, sql) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return(candidate) }}
{%- endmacro -%}

{% materialization published, adapter='duckdb' %}
    {{ return({'relations': [make_candidate()]}) }}
{% endmaterialization %}

{#- Drops the candidates of the last run, and makes room for those of this one. -#}
{%- macro drop_candidates(make_room=true) -%}
    {%- for schema in graph.nodes.values() | map(attribute='schema') | unique -%}
        {%- do run_query('drop schema if exists ' ~ candidate_schema(schema) ~ ' cascade') -%}
    {%- endfor -%}
    {%- if make_room -%}
        {%- for schema in graph.nodes.values() | selectattr('config.materialized', 'in', ['published', 'appended']) | map(attribute='schema') | unique -%}
            {%- do run_query('create schema ' ~ candidate_schema(schema)) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}

{#- Puts the candidates in the place of the published tables, within the transaction of the caller. -#}
{%- macro publish_candidates() -%}
    {%- for node_id in candidate_ids() -%}
        {%- set node = graph.nodes[node_id] -%}
        {%- set published = node.schema ~ '.' ~ node.alias -%}
        {%- do run_query(
            'create or replace table ' ~ published ~ ' as from ' ~ candidate_schema(node.schema) ~ '.' ~ node.alias
        ) -%}
    {%- endfor -%}
{%- endmacro -%}

{#- What speaks against these lists: a part of the project may leave out lists that it makes others disagree with. -#}
{%- macro disagreement_of_lists() -%}
    {%- set lists = run_query(
        "select distinct schema_name || '.' || table_name from duckdb_columns() where database_name = current_database() "
        ~ "and schema_name = 'marts' and column_name = 'build_id' and table_name <> 'policy_decisions_ledger'"
    ).columns[0].values() -%}
    {%- set branches = [] -%}
    {%- for list in lists -%}{%- do branches.append('select build_id from ' ~ list) -%}{%- endfor -%}
    {%- set builds = run_query(branches | join(' union ')).columns[0].values() if branches else [] -%}
    {%- if builds | length > 1 -%}
        {{ return(
            'Nothing was published, and the lists stay as they were: the selected models would leave lists of different builds '
            ~ 'side by side (' ~ builds | sort | join(', ') ~ '). Run dbt build, or select what depends on your change too '
            ~ '(--select changed_model+)'
        ) }}
    {%- endif -%}
{%- endmacro -%}

{#- The copy of the published tables for readers who must not wait for a build (scripts/causalyn/warehouse/dbt_plugin.py). -#}
{%- macro copy_for_readers() -%}
    {%- do adapter.store_relation(
        'dbt_plugin', api.Relation.create(schema='marts'), [],
        modules.re.sub('\\.duckdb$', '', target.path) ~ '.published.duckdb', 'duckdb', {'schemas': ['marts', 'audit']}
    ) -%}
{%- endmacro -%}

{#- Unit tests learn the columns of their inputs from the tables: from the candidate, where one waits. -#}
{% macro duckdb__get_columns_in_relation(relation) -%}
    {%- set candidate = adapter.get_relation(relation.database, candidate_schema(relation.schema), relation.identifier)
        if flags.WHICH in ['build', 'run'] else none -%}
    {{ return(dbt.duckdb__get_columns_in_relation(candidate or relation)) }}
{%- endmacro %}
