with final as (
    select * from {{ ref('base_raw_measures') }}
)

select * from final
