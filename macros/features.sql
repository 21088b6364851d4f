{#- A value no larger than its cap. Not `least`: it ignores nulls, and an unknown value would become the cap. -#}
{% macro winsorise(value, cap) -%}
    case when {{ value }} > {{ cap }} then {{ cap }} else {{ value }} end
{%- endmacro %}

{#- Whether this run stages a day's activity anew. A constant to the engine, which skips what was recorded before it. -#}
{% macro is_staged_anew(activity_date) -%}
    {%- if var('activity_since') -%} {{ activity_date }} >= date '{{ var('activity_since') }}' {%- else -%} true {%- endif -%}
{%- endmacro %}

{#-
    CTEs from who gets features (`spine`, a row a user) and `activity` to totals by window (`final`), the same for the past
    campaign's users and for today's: as recorded, 0 where there is none, unless only users with activity are wanted.
-#}
{% macro activity_windows(only_active=false) -%}
active_days as (
    select
        activity.user_id,
        activity.activity_date,
        cast(spine.as_of_date - activity.activity_date as int) as days_before,
        activity.core_action_count,
        activity.collab_action_count,
        activity.core_action_count + activity.collab_action_count as action_count,
        activity.time_spent_minutes,
        activity.feature_diversity_count
    from activity
    inner join spine
        on
            activity.user_id = spine.user_id
            and activity.activity_date >= {{ days_before('spine.as_of_date', 30) }}
            and activity.activity_date < spine.as_of_date
),

totals as (
    select
        user_id,
        {{ sum_int('case when days_before <= 7 then action_count end') }} as actions_7d,
        {{ sum_int('case when days_before between 8 and 14 then action_count end') }} as actions_8_to_14d,
        {{ sum_int('case when days_before between 15 and 21 then action_count end') }} as actions_15_to_21d,
        {{ sum_int('action_count') }} as actions_30d,
        {{ sum_int('core_action_count') }} as core_actions_30d,
        {{ sum_int('collab_action_count') }} as collab_actions_30d,
        {{ sum_int('time_spent_minutes') }} as minutes_30d,
        {{ sum_int('feature_diversity_count') }} as feature_days_30d,
        count(*) as days_observed_30d,
        max(activity_date) as last_activity_date
    from active_days
    group by user_id
),

final as (
    select
        spine.*,
        coalesce(totals.actions_7d, 0) as actions_7d,
        coalesce(totals.actions_8_to_14d, 0) as actions_8_to_14d,
        coalesce(totals.actions_15_to_21d, 0) as actions_15_to_21d,
        coalesce(totals.actions_30d, 0) as actions_30d,
        coalesce(totals.core_actions_30d, 0) as core_actions_30d,
        coalesce(totals.collab_actions_30d, 0) as collab_actions_30d,
        coalesce(totals.minutes_30d, 0) as minutes_30d,
        coalesce(totals.feature_days_30d, 0) as feature_days_30d,
        coalesce(totals.days_observed_30d, 0) as days_observed_30d,
        totals.last_activity_date
    from spine
    {{ 'inner' if only_active else 'left' }} join totals on spine.user_id = totals.user_id
)
{%- endmacro %}

{#- A CTE of the ratios of uncapped totals (`behaviour`), from totals by window (`windows`). -#}
{% macro behaviour() -%}
behaviour as (
    select
        *,
        {{ safe_divide('4 * actions_7d', 'actions_30d') }} as momentum,
        {{ safe_divide('actions_7d - actions_8_to_14d', 'actions_8_to_14d') }} as week_on_week_change,
        {{ safe_divide('actions_8_to_14d - actions_15_to_21d', 'actions_15_to_21d') }} as prior_week_on_week_change,
        {{ safe_divide('actions_30d', 'minutes_30d') }} as intensity,
        {{ safe_divide('feature_days_30d', 'days_observed_30d') }} as feature_diversity_30d,
        actions_30d = 0 as has_no_activity,
        cast(as_of_date - last_activity_date as int) as days_since_last_active
    from windows
)
{%- endmacro %}

{#-
    A CTE of all that is known of a user before the as-of date (`final`), from `behaviour` and `context`; heavy-tailed features are
    no larger than in the one row of the CTE that `caps` names, if any.
-#}
{% macro user_features(caps=none) -%}
final as (
    select
        behaviour.user_id,
        behaviour.account_id,
        behaviour.as_of_date,
        behaviour.intervention_id,
        {%- for feature in [
            'actions_7d', 'actions_30d', 'core_actions_30d', 'collab_actions_30d', 'minutes_30d', 'week_on_week_change', 'intensity',
        ] %}
        {%- set value = 'behaviour.' ~ feature %}
        {{ winsorise(value, caps ~ '.' ~ feature ~ '_cap') if caps else value }} as {{ feature }},
        {%- endfor %}
        behaviour.days_observed_30d,
        behaviour.feature_diversity_30d,
        behaviour.momentum,
        behaviour.prior_week_on_week_change,
        behaviour.has_no_activity,
        behaviour.days_since_last_active,
        cast(behaviour.as_of_date - context.user_created_date as int) as tenure_days,
        context.role_type,
        context.is_admin,
        context.seat_count,
        context.size_bucket,
        context.plan_tier,
        behaviour.prev_nudge_response
    from behaviour
    inner join context on behaviour.user_id = context.user_id
    {{ 'cross join ' ~ caps if caps }}
)
{%- endmacro %}

{#- A row a user and feature of the learner's inputs, which is every column after the one named: user_id, and its name and value. -#}
{% macro unpivot_features(relation, name='feature', after='is_converted') -%}
    select
        cast(null as string) as user_id,
        cast(null as string) as {{ name }},
        cast(null as double) as {{ name }}_value
    where false
    {%- set columns = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {%- set found = namespace(is_feature=false) -%}
    {%- for column in columns %}
    {%- if found.is_feature %}
    union all
    select user_id, '{{ column.name }}', cast({{ column.name }} as double) from {{ relation }}
    {%- endif %}
    {%- set found.is_feature = found.is_feature or column.name == after %}
    {%- endfor %}
{%- endmacro %}

{#-
    What the learner is given of a row of `features`, by feature. Categories become ranks of their meaning, since the forests split
    on order. A new feature is added here and nowhere else.
-#}
{% macro learner_feature_expressions() -%}
    {{ return({
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
    }) }}
{%- endmacro %}

{#- The learner's features of a row of `features`, as columns of a `select`. -#}
{% macro learner_features() -%}
    {%- for feature, expression in learner_feature_expressions().items() -%}
        {{ expression }} as {{ feature }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- A number that changes when one of the learner's features of a row of `features` does, other expressions in place of some. -#}
{% macro features_hash(in_place) -%}
    {{ change_hash(dict(learner_feature_expressions(), **in_place).values() | list) }}
{%- endmacro %}
