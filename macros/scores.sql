{#-
    CTEs from what each learner says (`scores`, a row a user) to what the deciding one says (`consistent`), by the settings in
    `learner`: of the past campaign's users and of today's alike.
-#}
{% macro deciding_scores() -%}
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
)
{%- endmacro %}
