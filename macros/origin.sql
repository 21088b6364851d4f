{#- The origin of the raw tables: `loaded` or `generated`. Other loaders need not record it. -#}
{% macro data_origin() -%}
    {%- set written = adapter.get_relation(database=target.database, schema='raw', identifier='origin') if execute -%}
    {{ return(run_query('select max(origin) from ' ~ written).columns[0].values()[0] if written else 'loaded') }}
{%- endmacro %}
