select * from {{ source('raw', 'interventions_raw') }}
