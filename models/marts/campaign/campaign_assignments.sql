with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
),

gate as (
    select * from {{ ref('int_policy__publication_gate') }}
),

final as (
    select assignments.*
    from assignments
    cross join gate
)

select * from final
