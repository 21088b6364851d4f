with final as (
    select * from {{ ref('int_uplift__training_bins') }}
)

select * from final
