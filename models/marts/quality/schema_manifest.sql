with final as (
    select * from {{ ref('base_raw_columns') }}
)

select * from final
