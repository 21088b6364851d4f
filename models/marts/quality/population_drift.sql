with final as (
    select * from {{ ref('int_evaluation__population_drift') }}
)

select * from final
