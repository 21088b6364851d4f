-- Duplicate days would inflate activity. One bit per day of a month, since grouping by day would make nearly a group per row,
-- more than DuckDB can spill.
with activity as (
    select
        user_id,
        date_trunc('month', activity_date) as activity_month,
        cast(power(2, extract(day from activity_date)) as bigint) as bit_of_day
    from {{ ref('stg_user_activity_daily') }}
),

final as (
    select
        user_id,
        activity_month
    from activity
    group by user_id, activity_month
    having count(*) > bit_count(bit_or(bit_of_day))
)

select * from final
