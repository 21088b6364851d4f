{#- Whether the raw tables are a generated world's: `loaded` or `generated`. Who fills them without our loader need not say. -#}
{% macro data_origin() -%}
    {%- set written = adapter.get_relation(database=target.database, schema='raw', identifier='origin') if execute -%}
    {{ return(run_query('select max(origin) from ' ~ written).columns[0].values()[0] if written else 'loaded') }}
{%- endmacro %}
