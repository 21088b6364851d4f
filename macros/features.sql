{#- The winsorised features and their types, since some engines return every percentile as a double. -#}
{% macro winsorised_features() -%}
    {{ return({
        'actions_7d': 'bigint', 'actions_30d': 'bigint', 'core_actions_30d': 'bigint', 'collab_actions_30d': 'bigint',
        'minutes_30d': 'bigint', 'week_on_week_change': 'double', 'intensity': 'double',
    }) }}
{%- endmacro %}

{#- Their caps as columns of a `select`; `{}` in the aggregate stands for the feature. -#}
{% macro winsor_caps(aggregate) -%}
    {%- for feature, type in winsorised_features().items() -%}
        cast({{ aggregate.format(feature) }} as {{ type }}) as {{ feature }}_cap{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#-
    The learner's features, each from a row of `features` and `own_features`. Categories become ordered ranks, since forests split on
    order. A company's own feature is declared in seeds/mapping/user_features.csv instead. How often and how recently a
    user was nudged is left to the cap and to the verdict on fading: in a first campaign nobody has been, and in worlds
    of six campaigns a learner that sees it earned no more.
-#}
{% macro learner_feature_expressions() -%}
    {%- set expressions = {
        'actions_7d': 'cast(features.actions_7d as double)',
        'actions_30d': 'cast(features.actions_30d as double)',
        'core_actions_30d': 'cast(features.core_actions_30d as double)',
        'collab_actions_30d': 'cast(features.collab_actions_30d as double)',
        'minutes_30d': 'cast(features.minutes_30d as double)',
        'days_observed_30d': 'cast(features.days_observed_30d as double)',
        'feature_diversity_30d': 'features.feature_diversity_30d',
        'momentum': 'features.momentum',
        'week_on_week_change': 'features.week_on_week_change',
        'intensity': 'features.intensity',
        'days_since_last_active': 'cast(features.days_since_last_active as double)',
        'tenure_days': 'cast(features.tenure_days as double)',
        'role_rank': "case features.role_type when 'basic' then 0.0 when 'power_user' then 1.0 else 2.0 end",
        'seat_count': 'cast(features.seat_count as double)',
        'plan_rank': "case features.plan_tier when 'starter' then 0.0 when 'growth' then 1.0 when 'enterprise' then 2.0 end",
        'prev_nudge_response_rank': "case features.prev_nudge_response when 'negative' then -1.0 when 'ignored' then 0.0 "
            ~ "when 'positive' then 1.0 end",
    } -%}
    {%- for column in own_features() -%}
        {%- do expressions.update({column: 'own_features.' ~ column}) -%}
    {%- endfor -%}
    {{ return(expressions) }}
{%- endmacro %}

{#- The learner's features as columns of a `select`. -#}
{% macro learner_features() -%}
    {%- for feature, expression in learner_feature_expressions().items() -%}
        {{ expression }} as {{ feature }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- The learner's inputs unpivoted: one row per observation of a population and feature. -#}
{% macro unpivot_features(inputs, population) -%}
    select
        observation_id,
        feature,
        feature_value
    from (
        select
            observation_id,
            {{ learner_feature_expressions() | join(', ') }}
        from {{ inputs }}
        where population = '{{ population }}'
    ) as inputs
    unpivot include nulls (feature_value for feature in ({{ learner_feature_expressions() | join(', ') }}))
{%- endmacro %}

{#-
    What is watched for drift: one row per observation and quantity. Today's users differ from those of past campaigns, so their lift
    does, too: it is followed from the day of the fit.
-#}
{% macro followed_quantities(inputs, population, scores) -%}
    select
        observation_id,
        feature as quantity,
        feature_value as quantity_value
    from ({{ unpivot_features(inputs, population) }}) as unpivoted
    union all
    select
        observation_id,
        'lift' as quantity,
        lift as quantity_value
    from {{ scores }}
    where population = 'today' and unseen_features is null
{%- endmacro %}

{#-
    The comma-separated features on which a row of `inputs` is outside the campaigns' range; null if none. `ranges` has `<feature>_low` and
    `<feature>_high`, between which all but the extremes lie (the range is widened by half on either side), and `<feature>_unknown`, the
    share without a value. Features about earlier nudges are left out, since a first campaign can't show them.
-#}
{% macro unseen_features(inputs, ranges) -%}
    nullif(concat_ws(
        ', '
        {%- for feature in behaviour_features() %},
        case
            when {{ inputs }}.{{ feature }} is null and {{ ranges }}.{{ feature }}_unknown < {{ extreme_share() }} then '{{ feature }}'
            when
                abs(2 * {{ inputs }}.{{ feature }} - {{ ranges }}.{{ feature }}_low - {{ ranges }}.{{ feature }}_high)
                > 2 * ({{ ranges }}.{{ feature }}_high - {{ ranges }}.{{ feature }}_low)
                then '{{ feature }}'
        end
        {%- endfor %}
    ), '')
{%- endmacro %}

{#- The `ranges` of `unseen_features`, as columns of an aggregating `select` from rows by feature. -#}
{% macro feature_ranges() -%}
    {%- for feature in behaviour_features() %}
    max(case when feature = '{{ feature }}' then low end) as {{ feature }}_low,
    max(case when feature = '{{ feature }}' then high end) as {{ feature }}_high,
    max(case when feature = '{{ feature }}' then unknown_share end) as {{ feature }}_unknown{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The share of a campaign's users, at either end of a feature, too small to learn from. -#}
{% macro extreme_share() -%}
    {{ return(0.005) }}
{%- endmacro %}

{% macro behaviour_features() -%}
    {{ return(learner_feature_expressions() | reject('in', ['prev_nudge_response_rank']) | list) }}
{%- endmacro %}
