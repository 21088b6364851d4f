with models as (
    select * from {{ ref('int_uplift__models') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

scale as (
    select * from {{ ref('int_uplift__outcome_scale') }}
),

final as (
    select
        models.*,
        scale.value_per_conversion_usd,
        scale.mean_square_per_mean,
        gate.model_version
    from models
    cross join scale
    cross join gate
)

select * from final
