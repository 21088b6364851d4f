with final as (
    select * from {{ ref('int_evaluation__arm_diagnostics') }}
)

select * from final
