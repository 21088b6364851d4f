with spine as (
    select * from {{ ref('int_features__spine') }}
    where purpose = 'retrospective'
),

users as (
    select * from {{ ref('stg_users') }}
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

training_users as (
    select user_id from {{ ref('int_uplift__training_users') }}
),

known_since as (
    select min(activity_date) as first_date
    from activity
),

-- Who joined later, or whose week lies before the export, was not seen to be inactive then.
observed as (
    select
        spine.user_id,
        {{ days_before('spine.as_of_date', 37) }} as first_date,
        {{ days_before('spine.as_of_date', 30) }} as end_date
    from spine
    inner join users on spine.user_id = users.user_id
    cross join known_since
    where
        users.user_created_date <= {{ days_before('spine.as_of_date', 37) }}
        and known_since.first_date <= {{ days_before('spine.as_of_date', 37) }}
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
    inner join training_users on totals.user_id = training_users.user_id
    cross join middle
)

select * from final
