with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        decisions.*,
        gate.build_id
    from decisions
    cross join gate
)

select * from final
