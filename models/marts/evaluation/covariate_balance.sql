with final as (
    select * from {{ ref('int_evaluation__covariate_balance') }}
)

select * from final
