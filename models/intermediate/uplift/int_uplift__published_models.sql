-- Daily scoring reads the model here, where it stays until a later build is published.
with models as (
    select * from {{ ref('int_uplift__models') }}
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

gate as (
    select * from {{ ref('int_policy__publication_gate') }}
),

final as (
    select
        models.*,
        gate.build_id as model_build_id,
        learner.folds,
        learner.deciding_learner,
        learner.interval_level
    from models
    cross join learner
    cross join gate
)

select * from final
