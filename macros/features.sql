{#- A value no larger than its cap. Not `least`: it ignores nulls, and an unknown value would become the cap. -#}
{% macro winsorise(value, cap) -%}
    case when {{ value }} > {{ cap }} then {{ cap }} else {{ value }} end
{%- endmacro %}

{#- Features with heavy tails, which are winsorised, by name, and their types: some engines' percentiles are doubles of anything. -#}
{% macro winsorised_features() -%}
    {{ return({
        'actions_7d': 'bigint', 'actions_30d': 'bigint', 'core_actions_30d': 'bigint', 'collab_actions_30d': 'bigint',
        'minutes_30d': 'bigint', 'week_on_week_change': 'double', 'intensity': 'double',
    }) }}
{%- endmacro %}

{#- The caps of these features as columns of a `select`: an aggregate with {} for the feature. -#}
{% macro winsor_caps(aggregate) -%}
    {%- for feature, type in winsorised_features().items() -%}
        cast({{ aggregate.format(feature) }} as {{ type }}) as {{ feature }}_cap{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#-
    What the learner is given of a row of `features` and `own_features`, by feature. Categories become ranks of their meaning, since the
    forests split on order. A new feature is added here and nowhere else; one of the company's own in seeds/mapping/user_features.csv.
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

{#- The learner's features of a row of `features`, as columns of a `select`. -#}
{% macro learner_features() -%}
    {%- for feature, expression in learner_feature_expressions().items() -%}
        {{ expression }} as {{ feature }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- The learner's inputs unpivoted: one row per observation of a population and feature, with its name and value. -#}
{% macro unpivot_features(inputs, population, name='feature') -%}
    select
        observation_id,
        {{ name }},
        {{ name }}_value
    from (
        select
            observation_id,
            {{ learner_feature_expressions() | join(', ') }}
        from {{ inputs }}
        where population = '{{ population }}'
    ) as inputs
    unpivot include nulls ({{ name }}_value for {{ name }} in ({{ learner_feature_expressions() | join(', ') }}))
{%- endmacro %}
