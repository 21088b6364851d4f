with scores as (
    select * from {{ ref('int_uplift__scores') }}
),

inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

-- Nine decimals: beyond the model's accuracy, within what every engine adds up alike. NaN is no score.
finite_scores as (
    select
        user_id,
        round(nullif(p_treated, 'nan'), 9) as p_treated,
        round(nullif(p_control, 'nan'), 9) as p_control,
        round(nullif(lift_se, 'nan'), 9) as lift_se,
        round(nullif(lift_lower, 'nan'), 9) as lift_lower,
        round(nullif(lift_upper, 'nan'), 9) as lift_upper,
        round(nullif(propensity, 'nan'), 9) as propensity,
        round(nullif(raw_lift, 'nan'), 9) as raw_lift
    from scores
),

final as (
    select
        inputs.user_id,
        inputs.account_id,
        inputs.as_of_date,
        inputs.fold,
        finite_scores.p_treated,
        finite_scores.p_control,
        round(finite_scores.p_treated - finite_scores.p_control, 9) as lift,
        finite_scores.lift_se,
        finite_scores.lift_lower,
        finite_scores.lift_upper,
        finite_scores.propensity,
        finite_scores.raw_lift,
        inputs.is_converted is not null as has_observed_outcome
    from inputs
    left join finite_scores on inputs.user_id = finite_scores.user_id
)

select * from final
