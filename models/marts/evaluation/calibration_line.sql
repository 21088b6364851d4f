with final as (
    select * from {{ ref('int_evaluation__calibration_line') }}
)

select * from final
