with final as (
    select * from {{ source('raw', 'campaign_events_raw') }}
)

select * from final
