with activity as (
    select
        user_id,
        activity_date,
        is_login,
        core_action_count,
        collab_action_count,
        time_spent_minutes,
        feature_diversity_count
    from {{ ref('base_user_activity') }}
    where user_id is not null and activity_date is not null
),

exceptions as (
    select * from {{ ref('base_user_activity_checked') }}
),

unexceptional as (
    select activity.*
    from activity
    left join exceptions
        on activity.user_id = exceptions.user_id and activity.activity_date = exceptions.activity_date
    where exceptions.user_id is null
),

-- Sources of one day add up, to at most 1,440 minutes.
kept as (
    select
        user_id,
        activity_date,
        bool_or(is_login) as is_login,
        {{ sum_int('core_action_count') }} as core_action_count,
        {{ sum_int('collab_action_count') }} as collab_action_count,
        least({{ sum_int('time_spent_minutes') }}, 1440) as time_spent_minutes,
        {{ sum_int('feature_diversity_count') }} as feature_diversity_count
    from exceptions
    where reject_reason is null
    group by user_id, activity_date
),

final as (
    select * from unexceptional
    union all
    select * from kept
)

select * from final
