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
        case learner.deciding_learner
            when 't_learner' then scores.t_lift
            when 'x_learner' then scores.x_lift
            when 'dr_learner' then scores.dr_lift
        end as lift,
        case learner.deciding_learner
            when 't_learner' then scores.t_lift_se
            when 'x_learner' then scores.x_lift_se
            when 'dr_learner' then scores.dr_lift_se
        end as lift_se,
        scores.p_control,
        scores.propensity,
        scores.raw_lift
    from scores
    cross join learner
),

{{ consistent_scores(others=['propensity', 'raw_lift']) }},

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
        round(consistent.lift - learner.interval_width * consistent.lift_se, 9) as lift_lower,
        round(consistent.lift + learner.interval_width * consistent.lift_se, 9) as lift_upper,
        consistent.propensity,
        consistent.raw_lift,
        inputs.is_converted is not null as has_observed_outcome
    from inputs
    left join consistent on inputs.user_id = consistent.user_id
    cross join learner
)

select * from final
