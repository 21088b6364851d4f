with final as (
    select * from {{ ref('int_features__winsor_caps') }}
)

select * from final
