{#-
    Write, audit, publish. Published models are ordinary tables in a schema candidate_<schema>, where the rest of a run reads and tests
    them. At the end of a run they are copied to <schema> in one transaction if nothing is stale: every seed, model and data test last
    succeeded, and not before anything it is built from. builds.nodes records that, and builds.publication whether the lists are
    those of the last build; loading data drops both. Parquet tables on Spark have no such transactions and are replaced one by one.
-#}

{#- The seeds, models and data tests required for publication, by id; in a refresh, only those of today's decision. -#}
{%- macro nodes_to_publish() -%}
    {%- set nodes = {} -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'in', ['seed', 'model']) -%}
        {%- if node.config.materialized != 'ephemeral' and (not var('refresh') or 'daily' in node.tags) -%}
            {%- do nodes.update({node.unique_id: node}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') -%}
        {#- The previous publication is always there. -#}
        {%- set waits_for = [] -%}
        {%- for id in node.depends_on.nodes if id not in nodes and graph.sources.get(id, {}).get('source_name') != 'published' -%}
            {%- do waits_for.append(id) -%}
        {%- endfor -%}
        {#- A refresh skips tests that read other models, or none. -#}
        {%- if not var('refresh') or (waits_for == [] and node.depends_on.nodes) -%}
            {%- do nodes.update({node.unique_id: node}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(nodes) }}
{%- endmacro -%}

{#- The ids of a node's built parents, looking through ephemeral models. -#}
{%- macro built_from(node) -%}
    {%- set ids = [] -%}
    {%- for id in node.depends_on.get('nodes', []) -%}
        {%- if graph.nodes.get(id, {}).get('config', {}).get('materialized') == 'ephemeral' -%}
            {%- do ids.extend(built_from(graph.nodes[id])) -%}
        {%- else -%}
            {%- do ids.append(id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(ids) }}
{%- endmacro -%}

{#- The stale nodes, and why; failed ones first. -#}
{%- macro stale_nodes(nodes, record) -%}
    {%- set failed, stale = [], [] -%}
    {%- for id, node in nodes.items() -%}
        {%- set run = record.get(id, {'ran_at': '', 'status': 'never run'}) -%}
        {%- if run.status in ['error', 'fail'] -%}
            {%- do failed.append({'node': node, 'why': run.status}) -%}
        {%- elif run.status not in ['success', 'pass', 'warn'] -%}
            {%- do stale.append({'node': node, 'why': run.status}) -%}
        {%- else -%}
            {%- for parent in built_from(node) if parent in nodes and record.get(parent, run).ran_at > run.ran_at -%}
                {%- if loop.first -%}
                    {%- do stale.append({'node': node, 'why': 'older than ' ~ nodes[parent].name}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(failed + stale) }}
{%- endmacro -%}

{#- The message about them. A stale model or seed requires a build; stale tests only a test run. -#}
{%- macro why_unpublished(stale, n_nodes) -%}
    {%- set named = [] -%}
    {%- for one in stale[:3] -%}{%- do named.append(one.node.name ~ ' (' ~ one.why ~ ')') -%}{%- endfor -%}
    {%- set wait_for_tests = stale | selectattr('node.resource_type', 'ne', 'test') | list == [] and stale[0].why != 'fail' -%}
    {{ return(
        stale | length ~ ' of ' ~ n_nodes ~ ' seeds, models and tests are not up to date: ' ~ named | join(', ')
        ~ (' and ' ~ (stale | length - 3) ~ ' more' if stale | length > 3 else '')
        ~ '. Run ' ~ ('dbt test' if wait_for_tests else 'dbt build')
    ) }}
{%- endmacro -%}

{#- builds.nodes as a dictionary. -#}
{%- macro read_record() -%}
    {%- set record = {} -%}
    {%- for row in run_query('select unique_id, ran_at, status from builds.nodes').rows if row[0] in graph.nodes -%}
        {%- do record.update({row[0]: {'ran_at': row[1], 'status': row[2]}}) -%}
    {%- endfor -%}
    {{ return(record) }}
{%- endmacro -%}

{%- macro write_record(record) -%}
    {%- set rows = [] -%}
    {%- for id, run in record.items() -%}
        {%- do rows.append("('" ~ id ~ "', '" ~ run.ran_at ~ "', '" ~ run.status ~ "')") -%}
    {%- endfor -%}
    {%- if rows -%}
        {%- do replace_table(
            'builds.nodes', 'select * from (values ' ~ rows | join(', ') ~ ') as nodes (unique_id, ran_at, status)'
        ) -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro write_publication(status) -%}
    {%- do replace_table('builds.publication', "select '" ~ status | replace("'", "''") ~ "' as status") -%}
{%- endmacro -%}

{#-
    Whether this run only tests lists in force. They stay so unless a test fails, even if models that no refresh builds
    are stale.
-#}
{%- macro only_tests_published_lists(results=[]) -%}
    {%- set published = run_query("select count(*) from builds.publication where status = 'published'").columns[0].values()[0] > 0 -%}
    {{ return(
        flags.WHICH == 'test' and published and results | map(attribute='status') | select('in', ['fail', 'error']) | list == []
    ) }}
{%- endmacro -%}

{%- macro is_candidate(node) -%}
    {{ return(
        node.resource_type == 'model' and node.schema.startswith('candidate_') and node.config.materialized != 'ephemeral'
    ) }}
{%- endmacro -%}

{%- macro published_table(node) -%}
    {{ return((node.schema | replace('candidate_', '')) ~ '.' ~ node.alias) }}
{%- endmacro -%}

{#- Other commands, such as `docs generate`, compile these hooks too. -#}
{%- macro is_run() -%}
    {{ return(execute and flags.WHICH in ['build', 'run', 'seed', 'test']) }}
{%- endmacro -%}

{#- Selected nodes count as unfinished until their result is known, so nothing left by a killed run passes as good. -#}
{%- macro start_run() -%}
    {%- if is_run() -%}
        {%- do refuse_edited_history() -%}
        {%- do make_table('builds.nodes', ['unique_id string', 'ran_at string', 'status string']) -%}
        {%- do make_table('builds.publication', ['status string']) -%}
        {%- set record = read_record() -%}
        {%- for node in graph.nodes.values() if node.unique_id in selected_resources and node.config.materialized != 'ephemeral' -%}
            {%- do record.update({node.unique_id: {'ran_at': '', 'status': 'running'}}) -%}
        {%- endfor -%}
        {%- do write_record(record) -%}
        {%- if not only_tests_published_lists() -%}{%- do write_publication('running') -%}{%- endif -%}
        {%- do make_published_sources() -%}
    {%- endif -%}
{%- endmacro -%}

{#- Creates the published tables that models read, empty, before the first publication. New columns are null. -#}
{%- macro make_published_sources() -%}
    {%- for source in graph.sources.values() | selectattr('source_name', 'equalto', 'published') -%}
        {%- set table, columns = source.schema ~ '.' ~ source.name, [] -%}
        {%- for column in graph.nodes['model.' ~ project_name ~ '.' ~ source.name].columns.values() -%}
            {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
        {%- do make_table(table, columns) -%}
        {%- set known = run_query('describe table ' ~ table).columns[0].values() | list -%}
        {%- for column in columns if column.split(' ')[0] not in known -%}
            {%- do run_query('alter table ' ~ table ~ ' add ' ~ ('column ' ~ column if target.type == 'duckdb' else 'columns (' ~ column ~ ')')) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro -%}

{%- macro publish_table(node) -%}
    {%- set candidate, published = node.schema ~ '.' ~ node.alias, published_table(node) -%}
    {%- if node.config.meta.append_by -%}
        {%- set columns, key = node.columns.keys() | join(', '), node.config.meta.append_by -%}
        {%- do run_query(
            'insert into ' ~ published ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ candidate
            ~ ' where ' ~ key ~ ' not in (select ' ~ key ~ ' from ' ~ published ~ ')'
        ) -%}
    {%- elif var('refresh') and 'population' in node.columns -%}
        {%- do run_query('delete from ' ~ published ~ " where population = 'today'") -%}
        {%- do run_query('insert into ' ~ published ~ ' select * from ' ~ candidate ~ " where population = 'today'") -%}
    {%- else -%}
        {%- do replace_table(published, 'select * from ' ~ candidate) -%}
    {%- endif -%}
    {%- set relation = api.Relation.create(database=node.database, schema=published.split('.')[0], identifier=node.alias) -%}
    {%- do apply_grants(relation, node.config.meta.grants, should_revoke=false) -%}
{%- endmacro -%}

{#-
    Detects edits of published tables: builds.fingerprints has each table's fingerprint at publication, and the query that computes it.
    Commands refuse to go on if they differ (scripts/causalyn/warehouse/publication.py). A refresh vouches only for what it published.
    Only on DuckDB, whose file exports, the page and a refresh read.
-#}
{%- macro write_fingerprints(nodes) -%}
    {%- do make_table(
        'builds.fingerprints',
        ['table_name string', 'is_history boolean', 'fingerprint string', 'query string', 'duckdb_version string']
    ) -%}
    {%- set tables, fingerprints = [], [] -%}
    {%- for node in nodes.values() if is_candidate(node) and published_table(node).startswith('marts.') -%}
        {%- set table = published_table(node) -%}
        {%- set query = "select concat_ws(' ', count(*), sum(hash(" ~ node.columns.keys() | join(', ') ~ '))) from ' ~ table -%}
        {%- do tables.append("'" ~ table ~ "'") -%}
        {%- do fingerprints.append(
            "select '" ~ table ~ "', " ~ (table in history_tables()) ~ ', (' ~ query ~ "), '" ~ query | replace("'", "''") ~ "', version()"
        ) -%}
    {%- endfor -%}
    {%- if not var('refresh') -%}
        {#- A table that an upgrade renamed or removed is not left behind with the contents of an old build. -#}
        {%- for row in run_query('select table_name from builds.fingerprints').rows if "'" ~ row[0] ~ "'" not in tables -%}
            {%- do run_query('drop table if exists ' ~ row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do run_query(
        'delete from builds.fingerprints' ~ (' where table_name in (' ~ tables | join(', ') ~ ')' if var('refresh') else '')
    ) -%}
    {%- do run_query('insert into builds.fingerprints ' ~ fingerprints | join(' union all ')) -%}
{%- endmacro -%}

{#- The published tables that no build can recreate. -#}
{%- macro history_tables() -%}
    {%- set tables = [] -%}
    {%- for source in graph.sources.values() if source.source_name == 'published' and source.config.meta.history -%}
        {%- do tables.append(source.schema ~ '.' ~ source.name) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro -%}

{#- A build would vouch for an edited history (scripts/causalyn/warehouse/dbt_plugin.py). -#}
{%- macro refuse_edited_history() -%}
    {%- if target.type == 'duckdb' -%}
        {%- do adapter.store_relation(
            'dbt_plugin', api.Relation.create(schema='marts'), [], target.path, 'duckdb', {'refuse_edited_history': true}
        ) -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro end_run(results) -%}
    {%- if is_run() -%}
        {%- set record, nodes = read_record(), nodes_to_publish() -%}
        {%- for result in results if result.node.unique_id in graph.nodes -%}
            {%- do record.update({result.node.unique_id: {
                'ran_at': run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f'),
                'status': 'empty' if flags.EMPTY else result.status | string
            }}) -%}
        {%- endfor -%}
        {%- do write_record(record) -%}
        {%- set stale = stale_nodes(nodes, record) -%}
        {%- if stale and only_tests_published_lists(results) -%}
            {%- do print('Tested: the lists are still those of build ' ~ published_build() ~ '.') -%}
        {%- elif stale -%}
            {%- set reason = why_unpublished(stale, nodes | length) -%}
            {%- do write_publication(reason) -%}
            {%- set build_info = graph.nodes['model.' ~ project_name ~ '.build_info'] -%}
            {%- set lists = adapter.get_relation(build_info.database, 'marts', build_info.alias) -%}
            {%- do print(
                'Nothing was published: ' ~ reason ~ '. '
                ~ ('The lists are still those of build ' ~ published_build() ~ '.' if lists else 'There are no lists yet.')
            ) -%}
            {%- if lists and target.type == 'duckdb' -%}
                {%- do mark_page('The build of ' ~ run_started_at.strftime('%Y-%m-%d %H:%M') ~ ' published nothing: ' ~ reason ~ '.') -%}
            {%- endif -%}
        {%- else -%}
            {%- if target.type == 'duckdb' -%}{%- do run_query('begin transaction') -%}{%- endif -%}
            {%- for node in nodes.values() if is_candidate(node) -%}{%- do publish_table(node) -%}{%- endfor -%}
            {%- if target.type == 'duckdb' -%}{%- do write_fingerprints(nodes) -%}{%- endif -%}
            {%- do write_publication('published') -%}
            {%- if target.type == 'duckdb' -%}
                {%- do run_query('commit') -%}
                {%- do copy_for_readers() -%}
                {%- do mark_page('Newer lists were published since this page was drawn: make report draws them.', published_build()) -%}
            {%- endif -%}
            {%- do print('Published: the lists of build ' ~ published_build() ~ '.') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro published_build() -%}
    {{ return(run_query('select max(build_id) from marts.build_info').columns[0].values()[0]) }}
{%- endmacro -%}

{#- Copies the published tables for readers who can't wait for a build (scripts/causalyn/warehouse/dbt_plugin.py). -#}
{%- macro copy_for_readers() -%}
    {#- Comparisons with hidden truth are not for every reader. -#}
    {%- set schemas = ['marts', 'audit'] if env_var('CAUSALYN_READERS_AUDIT', '') else ['marts'] -%}
    {%- do adapter.store_relation(
        'dbt_plugin', api.Relation.create(schema='marts'), [],
        modules.re.sub('\\.duckdb$', '', target.path) ~ '.published.duckdb', 'duckdb', {'schemas': schemas}
    ) -%}
{%- endmacro -%}

{#- Marks an older report page as outdated (scripts/causalyn/warehouse/dbt_plugin.py). -#}
{%- macro mark_page(text, build_id=none) -%}
    {%- do adapter.store_relation(
        'dbt_plugin', api.Relation.create(schema='marts'), [],
        env_var('DBT_TARGET_PATH', 'target') ~ '/report/index.html', 'duckdb', {'banner': text, 'build_id': build_id}
    ) -%}
{%- endmacro -%}

{#- The rows of a model, behind the publication gate, with the build id. -#}
{% macro gated(relation, condition=none) -%}
    select
        behind.*,
        gate.build_id
    from {{ relation }} as behind
    cross join {{ ref('int_build__publication_gate') }} as gate
    {{ 'where ' ~ condition if condition }}
{%- endmacro %}

{#- The decisions that meet a condition, likewise, with the account's attributes. -#}
{% macro gated_accounts(condition=none) -%}
    select
        decided.*,
        {{ known_by('accounts') }}
    from ({{ gated(ref('int_policy__account_decisions'), condition) }}) as decided
    left join {{ ref('stg_accounts') }} as accounts on decided.account_id = accounts.account_id
{%- endmacro %}

{#- The account attributes that lists show. -#}
{% macro known_by(accounts) -%}
    {{ accounts }}.account_name,
    {{ accounts }}.owner,
    {{ accounts }}.plan_tier,
    {{ accounts }}.annual_recurring_revenue_usd,
    {{ accounts }}.renewal_date
{%- endmacro %}

{#- Today's accounts with a given decision under the shipped policy. -#}
{% macro listed_accounts(decision) -%}
    {{ gated_accounts("population = 'today' and is_shipped and decision = '" ~ decision ~ "'") }}
{%- endmacro %}
