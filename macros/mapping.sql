{#-
    Our words for those of an export, whose case and padding say nothing. Returns the rows of an input model with `our_word` beside
    its columns: what the seed `mapping` (seeds/mapping) makes of the word in a column, or `missing` where there is none. A word that the
    mapping does not know ends the query, and so the model and all that is built from it, before anything is decided: the message
    names it, its rows, and the line to add. A line that is still a guess of `make map`, or that another one contradicts, is not known.
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
                "'Nothing is decided before every word is known. " ~ table ~ "_raw." ~ column
                ~ " holds words that seeds/mapping/" ~ mapping ~ ".csv does not know or only guesses: ' || unmapped.words "
                ~ "|| '. Put these lines there with "
                ~ ('one of ' ~ our_words(mapping) | join(', ') if our_words(mapping) else 'what it is')
                ~ " in the place of each question mark:\n' || unmapped.lines"
            ) }}
        end
{%- endmacro %}

{#- Our own words, by the mapping whose lines end in them. A feature of the company's own is nothing of ours: its line describes it. -#}
{% macro our_words(mapping) -%}
    {{ return({
        'roles': ['admin', 'power_user', 'basic'],
        'plans': ['starter', 'growth', 'enterprise', 'unknown'],
        'events': ['core_action', 'collab_action', 'feature', 'login', 'ignore'],
        'responses': ['positive', 'ignored', 'negative', 'none'],
        'user_features': [],
    }[mapping]) }}
{%- endmacro %}

{#- A word without its case and padding; null where nothing is left. -#}
{% macro plain_word(expression) -%}
    nullif(lower(trim({{ expression }})), '')
{%- endmacro %}

{#- One row per word of theirs that a person has mapped to one of our words. -#}
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

{#- One row per feature of which a person has said what it is. -#}
{% macro declared_features(relation) -%}
    select distinct {{ plain_word('feature') }} as feature
    from {{ relation }}
    where {{ plain_word('feature') }} is not null and coalesce({{ plain_word('description') }}, '?') <> '?'
{%- endmacro %}

{#- One row: how many words the mapping does not know, the twenty commonest with their rows, and the lines to add. -#}
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
    The features that the company declares (seeds/mapping/user_features.csv) by the columns that they become, whose prefix keeps them
    apart from ours and from the words of SQL. They are read when a model is compiled, which is right before it runs; while the project is
    parsed and in unit tests there are none. Not by `ref`, which would have every unit test of a model with features give the seed: that
    only says, while the project is parsed, that the model waits for it.
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
                    "The features '" ~ own[column] ~ "' and '" ~ feature ~ "' of seeds/mapping/user_features.csv would both be the column "
                    ~ column ~ ', since only letters and digits tell columns apart. Give one another name, there and in the export.'
                ) }}
            {%- endif -%}
            {%- do own.update({column: feature}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(own) }}
{%- endmacro %}
