with final as (
    select * from {{ ref('int_evaluation__verdicts') }}
)

select * from final
