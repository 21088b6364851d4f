with final as (
    select * from {{ ref('int_evaluation__sensitivity') }}
)

select * from final
