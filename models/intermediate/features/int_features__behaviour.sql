with spine as (
    select * from {{ ref('int_features__spine') }}
    {{ where_in_scope() }}
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

active_days as (
    select
        spine.population,
        spine.observation_id,
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
        population,
        observation_id,
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
    group by 1, 2
),

windows as (
    select
        spine.*,
        {% for total in [
            'actions_7d', 'actions_8_to_14d', 'actions_15_to_21d', 'actions_30d', 'core_actions_30d', 'collab_actions_30d', 'minutes_30d',
            'feature_days_30d', 'days_observed_30d',
        ] %}
        coalesce(totals.{{ total }}, 0) as {{ total }},
        {% endfor %}
        totals.last_activity_date
    from spine
    left join totals on spine.population = totals.population and spine.observation_id = totals.observation_id
),

final as (
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

select * from final
