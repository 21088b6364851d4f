{#-
    The rows of an input model plus `our_word`: the seed's meaning for the word in a column (ignoring case and surrounding spaces), or
    `missing` if it is null. An unmapped word ends the query, and so everything downstream, before anything is decided; the message
    names the word, its rows, and the line to add. Guessed or contradictory lines don't count as mapped.
-#}
{% macro mapped_words(table, column, mapping, missing) -%}
    {%- set relation = ref('input_' ~ table) -%}
    select
        said.*,
        coalesce(known.our_word, '{{ missing }}') as our_word
    from (select *, {{ plain_word(column) }} as said_word from {{ relation }}) as said
    left join ({{ known_words(mapping) }}) as known on said.said_word = known.their_word
    cross join ({{ unmapped_words(relation, column, mapping) }}) as unmapped
    where
        case
            when unmapped.n_words = 0 then true
            else {{ raise_error(
                "'Nothing was decided: some words of the export are not mapped. " ~ table ~ "_raw." ~ column
                ~ " has words that seeds/mapping/" ~ mapping ~ ".csv lacks or only guesses: ' || unmapped.words "
                ~ "|| '. Add these lines there, with "
                ~ ('one of ' ~ our_words(mapping) | join(', ') if our_words(mapping) else 'what it is')
                ~ " in place of each question mark:\n' || unmapped.lines"
            ) }}
        end
{%- endmacro %}

{#- The words each mapping may map to. A company feature has none: its line describes it. -#}
{% macro our_words(mapping) -%}
    {{ return({
        'roles': ['admin', 'power_user', 'basic'],
        'plans': ['starter', 'growth', 'enterprise', 'unknown'],
        'events': ['core_action', 'collab_action', 'feature', 'login', 'ignore'],
        'responses': ['positive', 'ignored', 'negative', 'none'],
        'user_features': [],
    }[mapping]) }}
{%- endmacro %}

{#- A word lower-cased and trimmed; null if nothing is left. -#}
{% macro plain_word(expression) -%}
    nullif(lower(trim({{ expression }})), '')
{%- endmacro %}

{#- One row per exported word that a person has mapped. -#}
{% macro known_words(mapping) -%}
    {%- if not our_words(mapping) -%}
    select
        feature as their_word,
        feature as our_word
    from ({{ declared_features(ref(mapping)) }}) as declared
    {%- else -%}
    select
        {{ plain_word('their_word') }} as their_word,
        max({{ plain_word('our_word') }}) as our_word
    from {{ ref(mapping) }}
    group by 1
    having
        min({{ plain_word('our_word') }}) = max({{ plain_word('our_word') }})
        and max({{ plain_word('our_word') }}) in ('{{ our_words(mapping) | join("', '") }}')
        and count({{ plain_word('guessed') }}) = 0
    {%- endif -%}
{%- endmacro %}

{#- One row per feature that a person has described. -#}
{% macro declared_features(relation) -%}
    select distinct {{ plain_word('feature') }} as feature
    from {{ relation }}
    where {{ plain_word('feature') }} is not null and coalesce({{ plain_word('description') }}, '?') <> '?'
{%- endmacro %}

{#- One row: the number of unmapped words, the twenty most frequent with their rows, and the lines to add. -#}
{% macro unmapped_words(relation, column, mapping) -%}
    {%- set to_say = ',?,' if our_words(mapping) else ',?' -%}
    select
        count(*) as n_words,
        {{ join_rows("case when word_rank <= 20 then word || ' (' || cast(n_rows as string) || ' rows)' end", ', ', 'word_rank') }}
            || case when count(*) > 20 then ' and ' || cast(count(*) - 20 as string) || ' more' else '' end as words,
        {{ join_rows("case when word_rank <= 20 then '\"' || replace(word, '\"', '\"\"') || '\"" ~ to_say ~ "' end", '\n', 'word_rank') }} as lines
    from (
        select
            word,
            n_rows,
            row_number() over (order by n_rows desc, word asc) as word_rank
        from (
            select
                {{ plain_word(column) }} as word,
                count(*) as n_rows
            from {{ relation }}
            group by 1
        ) as said
        left join ({{ known_words(mapping) }}) as known on said.word = known.their_word
        where said.word is not null and known.their_word is null
    ) as ranked
{%- endmacro %}

{#-
    The declared company features (seeds/mapping/user_features.csv) by column name, prefixed to avoid our columns and SQL keywords. Read
    when a model is compiled, right before it runs; empty while parsing and in unit tests. A `ref` only declares the dependency while
    parsing, so that unit tests need not provide the seed.
-#}
{% macro own_features() -%}
    {%- set own = {} -%}
    {%- if not execute -%}
        {%- do ref('user_features') -%}
    {%- endif -%}
    {%- for seed in (graph.get('nodes', {}).values() if execute else []) if seed.unique_id == 'seed.causalyn.user_features' -%}
        {%- set declared = load_relation(api.Relation.create(database=seed.database, schema=seed.schema, identifier=seed.alias)) -%}
        {%- for (feature,) in (run_query(declared_features(declared) ~ ' order by 1').rows if declared else []) -%}
            {%- set column = 'own_' ~ modules.re.sub('[^a-z0-9]+', '_', feature).strip('_') -%}
            {%- if column in own -%}
                {{ exceptions.raise_compiler_error(
                    "The features '" ~ own[column] ~ "' and '" ~ feature ~ "' of seeds/mapping/user_features.csv would both become the column "
                    ~ column ~ ' since columns are told apart by letters and digits only. Rename one, there and in the export.'
                ) }}
            {%- endif -%}
            {%- do own.update({column: feature}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(own) }}
{%- endmacro %}
