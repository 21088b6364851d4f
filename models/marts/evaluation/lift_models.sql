with models as (
    select * from {{ ref('int_uplift__models') }}
),

identity as (
    select * from {{ ref('int_build__identity') }}
),

final as (
    select
        models.*,
        identity.model_version
    from models
    cross join identity
)

select * from final
