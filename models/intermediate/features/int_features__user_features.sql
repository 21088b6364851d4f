with behaviour as (
    select * from {{ ref('int_features__behaviour') }}
),

context as (
    select * from {{ ref('int_features__context') }}
),

caps as (
    select * from {{ ref('int_features__winsor_caps') }}
),

-- Today's users need no caps, and may not depend on those of a build that was not published: no split of a tree lies above the
-- largest value that it was fitted on, so a value beyond a cap is scored as the cap.
final as (
    select
        behaviour.user_id,
        behaviour.account_id,
        behaviour.as_of_date,
        behaviour.purpose,
        behaviour.intervention_id,
        {{ winsorise('behaviour.actions_7d', 'caps.actions_7d_cap') }} as actions_7d,
        {{ winsorise('behaviour.actions_30d', 'caps.actions_30d_cap') }} as actions_30d,
        {{ winsorise('behaviour.core_actions_30d', 'caps.core_actions_30d_cap') }} as core_actions_30d,
        {{ winsorise('behaviour.collab_actions_30d', 'caps.collab_actions_30d_cap') }} as collab_actions_30d,
        {{ winsorise('behaviour.minutes_30d', 'caps.minutes_30d_cap') }} as minutes_30d,
        behaviour.days_observed_30d,
        behaviour.feature_diversity_30d,
        behaviour.momentum,
        {{ winsorise('behaviour.week_on_week_change', 'caps.week_on_week_change_cap') }} as week_on_week_change,
        {{ winsorise('behaviour.intensity', 'caps.intensity_cap') }} as intensity,
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
    left join caps on behaviour.purpose = 'retrospective'
)

select * from final
