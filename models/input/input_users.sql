with final as (
    select * from {{ source('raw', 'users_raw') }}
)

select * from final
