with final as (
    select * from {{ ref('int_policy__policies') }}
)

select * from final
