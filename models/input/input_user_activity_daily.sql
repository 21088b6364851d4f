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
    from {{ source('raw', 'user_activity_daily_raw') }}
)

select * from final
