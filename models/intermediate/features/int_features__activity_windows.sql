with spine as (
    select * from {{ ref('int_features__spine') }}
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

windows as (
    select
        user_id,
        purpose,
        as_of_date,
        {{ days_before('as_of_date', 7) }} as week_start_date,
        {{ days_before('as_of_date', 14) }} as prior_week_start_date,
        {{ days_before('as_of_date', 21) }} as third_week_start_date,
        {{ days_before('as_of_date', 30) }} as month_start_date
    from spine
),

active_days as (
    select
        windows.user_id,
        windows.purpose,
        activity.activity_date,
        activity.activity_date >= windows.week_start_date as is_last_week,
        activity.activity_date >= windows.prior_week_start_date as is_last_fortnight,
        activity.activity_date >= windows.third_week_start_date as is_last_three_weeks,
        activity.core_action_count,
        activity.collab_action_count,
        activity.core_action_count + activity.collab_action_count as action_count,
        activity.time_spent_minutes,
        activity.feature_diversity_count
    from activity
    inner join windows
        on
            activity.user_id = windows.user_id
            and activity.activity_date >= windows.month_start_date
            and activity.activity_date < windows.as_of_date
),

totals as (
    select
        user_id,
        purpose,
        {{ sum_int('case when is_last_week then action_count end') }} as actions_7d,
        {{ sum_int('case when is_last_fortnight and not is_last_week then action_count end') }} as actions_8_to_14d,
        {{ sum_int('case when is_last_three_weeks and not is_last_fortnight then action_count end') }} as actions_15_to_21d,
        {{ sum_int('action_count') }} as actions_30d,
        {{ sum_int('core_action_count') }} as core_actions_30d,
        {{ sum_int('collab_action_count') }} as collab_actions_30d,
        {{ sum_int('time_spent_minutes') }} as minutes_30d,
        {{ sum_int('feature_diversity_count') }} as feature_days_30d,
        count(*) as days_observed_30d,
        max(activity_date) as last_activity_date
    from active_days
    group by user_id, purpose
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
    left join totals
        on spine.user_id = totals.user_id and spine.purpose = totals.purpose
)

select * from final
