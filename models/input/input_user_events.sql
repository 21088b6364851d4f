with final as (
    select
        user_id,
        event_name,
        event_time
    from {{ source('raw', 'user_events_raw') }}
)

select * from final
