select
    user_id,
    event_name,
    cast(event_time as timestamp) as event_time
from {{ source('raw', 'user_events_raw') }}
