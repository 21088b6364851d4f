with training_users as (
    select
        observation_id,
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

-- Not a shared CTE: DuckDB would materialise it, with every row of activity.
known_since as (
    select min(activity_date) as first_date
    from {{ ref('stg_user_activity_daily') }}
),

-- Users who joined later, or whose week precedes the export, were not observed to be inactive.
observed as (
    select
        training_users.observation_id,
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

-- Inner join first: an outer join would hold all activity in memory.
counted as (
    select
        observed.observation_id,
        {{ sum_int('activity.core_action_count + activity.collab_action_count') }} as action_count
    from activity
    inner join observed
        on
            activity.user_id = observed.user_id
            and activity.activity_date >= observed.first_date
            and activity.activity_date < observed.end_date
    group by 1
),

totals as (
    select
        observed.observation_id,
        coalesce(counted.action_count, 0) as action_count
    from observed
    left join counted on observed.observation_id = counted.observation_id
),

middle as (
    select percentile_disc(0.5) within group (order by action_count) as action_count
    from totals
),

final as (
    select
        totals.observation_id,
        cast(totals.action_count > middle.action_count as int) as was_active_earlier
    from totals
    cross join middle
)

select * from final
