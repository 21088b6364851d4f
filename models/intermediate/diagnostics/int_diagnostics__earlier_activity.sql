with training_users as (
    select
        user_id,
        as_of_date
    from {{ ref('int_uplift__training_users') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

known_since as (
    select min(activity_date) as first_date
    from activity
),

-- Who joined later, or whose week lies before the export, was not seen to be inactive then.
observed as (
    select
        training_users.user_id,
        {{ days_before('training_users.as_of_date', 37) }} as first_date,
        {{ days_before('training_users.as_of_date', 30) }} as end_date
    from training_users
    inner join users on training_users.user_id = users.user_id
    cross join known_since
    where
        users.user_created_date <= {{ days_before('training_users.as_of_date', 37) }}
        and known_since.first_date <= {{ days_before('training_users.as_of_date', 37) }}
),

totals as (
    select
        observed.user_id,
        coalesce({{ sum_int('activity.core_action_count + activity.collab_action_count') }}, 0) as action_count
    from observed
    left join activity
        on
            observed.user_id = activity.user_id
            and observed.first_date <= activity.activity_date
            and observed.end_date > activity.activity_date
    group by 1
),

middle as (
    select percentile_disc(0.5) within group (order by action_count) as action_count
    from totals
),

final as (
    select
        totals.user_id,
        cast(totals.action_count > middle.action_count as int) as was_active_earlier
    from totals
    cross join middle
)

select * from final
