{#-
    dbt-spark drops a table before it recreates it, so a build that fails leaves none. Here the new one is complete before
    it takes the place of the old one.
-#}
{% materialization table, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set old_relation = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set target_relation = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='table') -%}
    {%- set next_relation = target_relation.incorporate(
        path={'identifier': model['alias'] ~ '__' ~ invocation_id | replace('-', '')}
    ) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main', language=model['language']) -%}
        {{ create_table_as(False, next_relation, compiled_code, model['language']) }}
    {%- endcall -%}
    {%- if old_relation is not none -%}
        {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {%- do run_query('alter table ' ~ next_relation ~ ' rename to ' ~ target_relation) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
