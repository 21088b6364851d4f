select * from {{ source('raw', 'campaign_events_raw') }}
