with final as (
    select * from {{ ref('int_evaluation__data_quality') }}
)

select * from final
