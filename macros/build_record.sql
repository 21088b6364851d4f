{#- What the last dbt command that changes tables came to, in the one row of builds.last_build: running, failed, partial or
    complete. A command that is killed leaves `running`. Only a complete build vouches for what is published, so the exports
    wait for one. Loading data drops the table. -#}

{%- macro changes_tables() -%}
    {{ return(execute and flags.WHICH in ['build', 'run', 'seed']) }}
{%- endmacro -%}

{#- Whether nothing is built but what daily scoring needs, which touches none of the lists that the record vouches for. -#}
{%- macro is_daily_scoring() -%}
    {%- set kinds = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] and node.unique_id in selected_resources -%}
        {%- do kinds.append('scoring' in node.tags) -%}
    {%- endfor -%}
    {{ return(kinds | length > 0 and false not in kinds) }}
{%- endmacro -%}

{%- macro build_status(results) -%}
    {%- set failures = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'test'] -%}
        {%- if node.unique_id not in selected_resources -%}{%- do left_out.append(node.unique_id) -%}{%- endif -%}
    {%- endfor -%}
    {{ return('failed' if failures else 'partial' if left_out else 'complete') }}
{%- endmacro -%}

{%- macro record_build(status) -%}
    {%- if not is_daily_scoring() -%}
        {%- do run_query('create schema if not exists builds') -%}
        {%- do run_query('drop table if exists builds.last_build') -%}
        {%- do run_query("create table builds.last_build as select '" ~ status ~ "' as status") -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro start_build() -%}
    {%- if changes_tables() -%}
        {%- do record_build('running') -%}
        {%- do make_appended_tables() -%}
        {%- if target.type == 'duckdb' -%}{%- do drop_candidates() -%}{%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{#- On DuckDB the record and the lists that it vouches for change in one transaction. -#}
{%- macro end_build(results) -%}
    {%- if changes_tables() -%}
        {%- set status = build_status(results) -%}
        {%- if target.type != 'duckdb' -%}
            {%- do record_build(status) -%}
        {%- elif status == 'failed' -%}
            {%- do record_build(status) -%}
            {%- do print('The published lists are still those of the last good build. The schema candidate_marts holds what this run made.') -%}
        {%- else -%}
            {%- do run_query('begin transaction') -%}
            {%- do publish_candidates() -%}
            {%- do append_candidates() -%}
            {%- set disagreement = disagreement_of_lists() -%}
            {%- if disagreement -%}
                {%- do run_query('rollback') -%}
                {%- do record_build('failed') -%}
                select {{ raise_error("'" ~ disagreement ~ "'") }}
            {%- else -%}
                {%- do drop_candidates(make_room=false) -%}
                {%- do record_build(status) -%}
                {%- do run_query('commit') -%}
                {%- do copy_for_readers() -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}
