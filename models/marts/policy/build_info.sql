with final as (
    select * from {{ ref('int_build__publication_gate') }}
)

select * from final
