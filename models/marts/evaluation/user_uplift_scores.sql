with final as (
    select * from {{ ref('int_uplift__user_scores') }}
)

select * from final
