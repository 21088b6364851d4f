{{ config(materialized='view') }}

with final as (
    select
        user_id,
        activity_date,
        login_flag,
        core_action_count,
        collab_action_count,
        time_spent_minutes,
        feature_diversity_count,
        source
    from {{ ref('input_user_activity_daily') }}
    union all
    select
        user_id,
        activity_date,
        login_flag,
        core_action_count,
        collab_action_count,
        time_spent_minutes,
        feature_diversity_count,
        null as source
    from {{ ref('base_user_event_days') }}
)

select * from final
