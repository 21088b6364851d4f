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
        fold,
        cast(is_treated as int) as is_treated,
        cast(is_converted as int) as is_converted,
        p_control,
        p_treated,
        propensity,
        round(clipped_propensity, 9) as clipped_propensity,
        clipped_propensity <> propensity as is_propensity_clipped,
        round(
            lift
            + is_treated * (is_converted - p_treated) / clipped_propensity
            - (1 - is_treated) * (is_converted - p_control) / (1 - clipped_propensity), 9
        ) as dr_score
    from clipped
    where is_treated is not null and lift is not null
)

select * from final
