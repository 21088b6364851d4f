select * from {{ source('raw', 'outcomes_raw') }}
