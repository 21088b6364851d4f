with final as (
    select * from {{ source('raw', 'bandit_log_raw') }}
)

select * from final
