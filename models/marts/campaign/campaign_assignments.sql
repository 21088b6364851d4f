with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        assignments.*,
        gate.build_id
    from assignments
    cross join gate
)

select * from final
