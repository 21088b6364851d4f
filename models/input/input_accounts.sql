select * from {{ source('raw', 'accounts_raw') }}
