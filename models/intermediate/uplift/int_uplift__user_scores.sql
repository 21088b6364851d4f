with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
    {{ where_in_scope() }}
),

scores as (
    select * from {{ ref('int_uplift__scores') }}
    {{ where_in_scope() }}
),

learner as (
    select
        *,
        {{ normal_quantile('(1 + interval_level) / 2') }} as interval_width
    from {{ ref('learner_parameters') }}
),

-- Nine decimals: finer than the model's accuracy, coarse enough that engines agree. NaN, or lift without an error, is no score.
deciding as (
    select
        scores.population,
        scores.observation_id,
        round(nullif(scores.lift, 'nan'), 9) as lift,
        round(nullif(scores.lift_se, 'nan'), 9) as lift_se,
        round(nullif(scores.p_control, 'nan'), 9) as p_control,
        round(nullif(scores.propensity, 'nan'), 9) as propensity,
        round(nullif(scores.lift_spread, 'nan'), 9) as lift_spread,
        learner.outcome_measure
    from scores
    inner join learner on scores.learner_id = learner.deciding_learner
    where
        nullif(scores.lift, 'nan') is not null
        and nullif(scores.lift_se, 'nan') is not null
        and nullif(scores.p_control, 'nan') is not null
),

-- Calibrated lift decides; the control outcome gives way if both can't lie within [0, 1], or above 0 if the outcome is revenue.
consistent as (
    select
        *,
        round(
            greatest(
                0.0, -lift, case when outcome_measure = 'revenue' then p_control else least(1.0, 1.0 - lift, p_control) end
            ), 9
        ) as p_control_given_lift
    from deciding
),

-- Loss expected from a nudge, according to one tree drawn at random.
doubted as (
    select
        *,
        round(coalesce({{ expected_loss('lift', 'lift_spread') }}, greatest(0.0, -lift)), 9) as lift_doubt
    from consistent
),

ranges as (
    select
        {{ feature_ranges() }}
    from {{ ref('int_uplift__feature_ranges') }}
),

final as (
    select
        inputs.population,
        inputs.campaign_id,
        inputs.observation_id,
        inputs.user_id,
        inputs.account_id,
        inputs.as_of_date,
        round(doubted.p_control_given_lift + doubted.lift, 9) as p_treated,
        doubted.p_control_given_lift as p_control,
        doubted.lift,
        doubted.lift_se,
        round(doubted.lift - learner.interval_width * doubted.lift_se, 9) as lift_lower,
        round(doubted.lift + learner.interval_width * doubted.lift_se, 9) as lift_upper,
        doubted.propensity,
        round(nullif(raw_trees.lift, 'nan'), 9) as raw_lift,
        doubted.lift_spread,
        doubted.lift_doubt,
        {{ unseen_features('inputs', 'ranges') }} as unseen_features,
        inputs.outcome is not null as has_observed_outcome
    from inputs
    left join doubted on inputs.population = doubted.population and inputs.observation_id = doubted.observation_id
    left join scores as raw_trees
        on
            inputs.population = raw_trees.population
            and inputs.observation_id = raw_trees.observation_id
            and raw_trees.learner_id = 'raw_trees'
    cross join learner
    cross join ranges
)

select * from final
