with final as (
    select * from {{ source('raw', 'interventions_raw') }}
)

select * from final
