-- A day that counts twice makes a user look busier than it was.
with activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

final as (
    select
        user_id,
        activity_date
    from activity
    group by user_id, activity_date
    having count(*) > 1
)

select * from final
