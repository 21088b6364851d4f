with final as (
    select * from {{ source('raw', 'accounts_raw') }}
)

select * from final
