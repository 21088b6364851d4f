{{ config(materialized='view') }}

{% for days in [ref('input_user_activity_daily'), ref('base_user_event_days')] %}
select
    user_id,
    activity_date,
    source,
    coalesce(login_flag = 1, false) as is_login,
    coalesce(core_action_count, 0) as core_action_count,
    coalesce(collab_action_count, 0) as collab_action_count,
    coalesce(time_spent_minutes, 0) as time_spent_minutes,
    coalesce(feature_diversity_count, 0) as feature_diversity_count
from {{ days }}
{{ 'union all' if not loop.last }}
{% endfor %}
