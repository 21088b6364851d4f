with final as (
    select * from {{ ref('int_evaluation__refutations') }}
)

select * from final
