{#- What the last dbt command that changes tables came to, in the one row of builds.last_build: running, failed, partial or
    complete. A command that is killed leaves `running`. Only a complete build vouches for what is published, so the exports
    wait for one. Loading data drops the table. -#}

{%- macro changes_tables() -%}
    {{ return(flags.WHICH in ['build', 'run', 'seed']) }}
{%- endmacro -%}

{%- macro build_status(results) -%}
    {%- set failures = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'test'] -%}
        {%- if node.unique_id not in selected_resources -%}{%- do left_out.append(node.unique_id) -%}{%- endif -%}
    {%- endfor -%}
    {{ return('failed' if failures else 'partial' if left_out else 'complete') }}
{%- endmacro -%}

{%- macro create_build_schema() -%}
    {%- if changes_tables() -%}create schema if not exists builds{%- endif -%}
{%- endmacro -%}

{%- macro drop_build_record() -%}
    {%- if changes_tables() -%}drop table if exists builds.last_build{%- endif -%}
{%- endmacro -%}

{%- macro create_build_record(results=none) -%}
    {%- if changes_tables() and execute -%}
        create table builds.last_build as
        select '{{ 'running' if results is none else build_status(results) }}' as status
    {%- endif -%}
{%- endmacro -%}
