with final as (
    select * from {{ ref('int_policy__gains') }}
)

select * from final
