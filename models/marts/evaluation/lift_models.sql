with models as (
    select * from {{ ref('int_uplift__models') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        models.*,
        gate.model_version
    from models
    cross join gate
)

select * from final
