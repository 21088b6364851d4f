with final as (
    select * from {{ ref('int_evaluation__spill_over') }}
)

select * from final
