with activity as (
    select * from {{ ref('base_user_activity') }}
),

users as (
    select user_id from {{ ref('base_users') }}
    where reject_reason is null
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

-- A separate pass over two columns, so that only these few days' rows are sorted.
repeated_days as (
    select
        user_id,
        activity_date
    from {{ ref('base_user_activity') }}
    group by user_id, activity_date
    having count(*) > 1
),

checked as (
    select
        activity.*,
        repeated_days.user_id is not null as is_repeated,
        case
            when activity.user_id is null or activity.activity_date is null then 'null_key'
            when users.user_id is null then 'orphan_user'
            when activity.activity_date >= scoring.scoring_date then 'future_date'
            when activity.activity_date < date '2000-01-01' then 'old_date'
            when
                least(
                    activity.core_action_count, activity.collab_action_count, activity.feature_diversity_count
                ) < 0
                then 'negative_count'
            when
                greatest(
                    activity.core_action_count, activity.collab_action_count, activity.feature_diversity_count
                ) > 1000000
                then 'huge_count'
            when activity.time_spent_minutes not between 0 and 1440 then 'impossible_minutes'
        end as row_reason
    from activity
    left join users on activity.user_id = users.user_id
    left join repeated_days
        on activity.user_id = repeated_days.user_id and activity.activity_date = repeated_days.activity_date
    cross join scoring
),

ranked as (
    select
        *,
        row_number() over fullest_first as fullness_row,
        rank() over fullest_first as fullness_rank
    from checked
    where row_reason is not null or is_repeated
    window fullest_first as (
        partition by user_id, activity_date, source
        order by
            row_reason is not null asc,
            case when row_reason is null then core_action_count + collab_action_count end desc nulls last,
            time_spent_minutes desc,
            feature_diversity_count desc,
            core_action_count desc,
            is_login desc
    )
),

final as (
    select
        user_id,
        activity_date,
        source,
        is_login,
        core_action_count,
        collab_action_count,
        time_spent_minutes,
        feature_diversity_count,
        case
            when row_reason is not null then row_reason
            when fullness_row = 1 then null
            when fullness_rank = 1 then 'duplicate_row'
            else 'conflicting_duplicate'
        end as reject_reason
    from ranked
)

select * from final
