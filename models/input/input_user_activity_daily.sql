with final as (
    select * from {{ source('raw', 'user_activity_daily_raw') }}
)

select * from final
