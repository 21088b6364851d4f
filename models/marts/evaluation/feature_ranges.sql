with final as (
    select * from {{ ref('int_uplift__feature_ranges') }}
)

select * from final
