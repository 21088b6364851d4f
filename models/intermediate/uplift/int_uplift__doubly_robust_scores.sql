with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
    where population = 'campaign'
),

scores as (
    select * from {{ ref('int_uplift__scores') }}
    where population = 'campaign'
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

-- Nuisances, not calibrated lift, so the same scores judge every learner.
nuisances as (
    select
        scores.observation_id,
        round(nullif(scores.p_control, 'nan'), 9) as p_control,
        round(nullif(scores.p_treated, 'nan'), 9) as p_treated,
        round(nullif(scores.propensity, 'nan'), 9) as propensity
    from scores
    inner join learner on scores.learner_id = learner.deciding_learner
),

clipped as (
    select
        inputs.campaign_id,
        inputs.user_id,
        inputs.account_id,
        inputs.is_treated,
        inputs.outcome,
        nuisances.*,
        inputs.assignment_probability,
        -- Declared propensities are exact, so not clipped.
        coalesce(
            inputs.assignment_probability,
            greatest(learner.propensity_floor, least(1 - learner.propensity_floor, nuisances.propensity))
        ) as clipped_propensity
    from inputs
    inner join nuisances on inputs.observation_id = nuisances.observation_id
    cross join learner
    where
        inputs.outcome is not null
        and inputs.is_treated is not null
        and nuisances.p_control is not null
        and nuisances.p_treated is not null
        and nuisances.propensity is not null
),

final as (
    select
        observation_id,
        campaign_id,
        user_id,
        account_id,
        cast(is_treated as int) as is_treated,
        outcome,
        p_control,
        p_treated,
        coalesce(assignment_probability, propensity) as propensity,
        round(clipped_propensity, 9) as clipped_propensity,
        assignment_probability is not null as is_assignment_declared,
        assignment_probability is null and clipped_propensity <> propensity as is_propensity_clipped,
        round({{ doubly_robust_score('clipped_propensity') }}, 9) as dr_score
    from clipped
)

select * from final
