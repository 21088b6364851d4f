select * from {{ source('raw', 'bandit_log_raw') }}
