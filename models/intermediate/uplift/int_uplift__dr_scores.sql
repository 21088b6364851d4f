with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

clipped as (
    select
        scores.*,
        inputs.is_treated,
        inputs.is_converted,
        greatest(learner.propensity_floor, least(1 - learner.propensity_floor, scores.propensity)) as clipped_propensity
    from scores
    inner join inputs on scores.user_id = inputs.user_id
    cross join learner
    where scores.has_observed_outcome
),

final as (
    select
        user_id,
        account_id,
        is_treated,
        is_converted,
        clipped_propensity,
        lift
        + is_treated * (is_converted - p_treated) / clipped_propensity
        - (1 - is_treated) * (is_converted - p_control) / (1 - clipped_propensity) as dr_lift
    from clipped
)

select * from final
