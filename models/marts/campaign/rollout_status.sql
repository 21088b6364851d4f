with waves as (
    select * from {{ ref('int_campaign__rollout_status') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        waves.*,
        gate.build_id
    from waves
    cross join gate
)

select * from final
