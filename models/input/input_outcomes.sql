with final as (
    select * from {{ source('raw', 'outcomes_raw') }}
)

select * from final
