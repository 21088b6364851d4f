with scores as (
    select * from {{ ref('int_uplift__scores') }}
),

inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

learner as (
    select
        deciding_learner,
        {{ normal_quantile('(1 + interval_level) / 2') }} as interval_width
    from {{ ref('learner_parameters') }}
),

deciding as (
    select
        scores.user_id,
        scores.p_control,
        scores.propensity,
        scores.raw_lift,
        learner.interval_width,
        case learner.deciding_learner
            when 't_learner' then scores.t_lift
            when 'x_learner' then scores.x_lift
            when 'dr_learner' then scores.dr_lift
        end as lift,
        case learner.deciding_learner
            when 't_learner' then scores.t_lift_se
            when 'x_learner' then scores.x_lift_se
            when 'dr_learner' then scores.dr_lift_se
        end as lift_se
    from scores
    cross join learner
),

-- Nine decimals: beyond the model's accuracy, within what every engine adds up alike. NaN is no score.
finite_scores as (
    select
        user_id,
        interval_width,
        round(nullif(lift, 'nan'), 9) as lift,
        round(nullif(lift_se, 'nan'), 9) as lift_se,
        round(nullif(p_control, 'nan'), 9) as p_control,
        round(nullif(propensity, 'nan'), 9) as propensity,
        round(nullif(raw_lift, 'nan'), 9) as raw_lift
    from deciding
),

-- The calibrated lift decides; the control probability gives way where both cannot lie within [0, 1].
consistent as (
    select
        *,
        round(greatest(0.0, -lift, least(1.0, 1.0 - lift, p_control)), 9) as p_control_given_lift
    from finite_scores
    where lift is not null and p_control is not null
),

final as (
    select
        inputs.user_id,
        inputs.account_id,
        inputs.as_of_date,
        inputs.fold,
        round(consistent.p_control_given_lift + consistent.lift, 9) as p_treated,
        consistent.p_control_given_lift as p_control,
        consistent.lift,
        consistent.lift_se,
        round(consistent.lift - consistent.interval_width * consistent.lift_se, 9) as lift_lower,
        round(consistent.lift + consistent.interval_width * consistent.lift_se, 9) as lift_upper,
        consistent.propensity,
        consistent.raw_lift,
        inputs.is_converted is not null as has_observed_outcome
    from inputs
    left join consistent on inputs.user_id = consistent.user_id
)

select * from final
