select * from {{ source('raw', 'users_raw') }}
