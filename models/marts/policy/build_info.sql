with identity as (
    select * from {{ ref('int_build__identity') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select identity.*
    from identity
    inner join gate on identity.build_id = gate.build_id
)

select * from final
