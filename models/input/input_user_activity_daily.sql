select * from {{ source('raw', 'user_activity_daily_raw') }}
