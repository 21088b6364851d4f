{{ config(materialized='view') }}

with recorded as (
    {% for days in [ref('input_user_activity_daily'), ref('base_user_event_days')] %}
    select
        user_id,
        activity_date,
        login_flag,
        core_action_count,
        collab_action_count,
        time_spent_minutes,
        feature_diversity_count,
        source
    from {{ days }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        user_id,
        activity_date,
        source,
        coalesce(login_flag = 1, false) as is_login,
        coalesce(core_action_count, 0) as core_action_count,
        coalesce(collab_action_count, 0) as collab_action_count,
        coalesce(time_spent_minutes, 0) as time_spent_minutes,
        coalesce(feature_diversity_count, 0) as feature_diversity_count
    from recorded
)

select * from final
