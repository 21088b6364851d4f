{{ config(materialized='view') }}

with activity_windows as (
    select * from {{ ref('int_features__activity_windows') }}
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
    from activity_windows
)

select * from final
