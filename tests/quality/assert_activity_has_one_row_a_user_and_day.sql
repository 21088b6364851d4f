-- A day that counts twice makes a user look busier than it was. Grouping the largest table by day would cost as much as
-- all of staging, so the days of a month are counted as bits.
with activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

final as (
    select
        user_id,
        year(activity_date) * 12 + month(activity_date) as activity_month
    from activity
    group by user_id, year(activity_date) * 12 + month(activity_date)
    having {{ repeats_a_day('activity_date') }}
)

select * from final
