with inputs as (
    select * from {{ ref('int_scoring__inputs') }}
),

scores as (
    select * from {{ ref('int_scoring__scores') }}
),

learner as (
    select distinct
        deciding_learner,
        {{ normal_quantile('(1 + interval_level) / 2') }} as interval_width
    from {{ ref('int_uplift__published_models') }}
),

{{ deciding_scores() }},

final as (
    select
        inputs.user_id,
        inputs.account_id,
        inputs.as_of_date,
        scores.as_of_date as scored_as_of_date,
        inputs.fold,
        round(consistent.p_control_given_lift + consistent.lift, 9) as p_treated,
        consistent.p_control_given_lift as p_control,
        consistent.lift,
        consistent.lift_se,
        round(consistent.lift - consistent.interval_width * consistent.lift_se, 9) as lift_lower,
        round(consistent.lift + consistent.interval_width * consistent.lift_se, 9) as lift_upper,
        inputs.model_build_id
    from inputs
    left join scores on inputs.user_id = scores.user_id
    left join consistent on inputs.user_id = consistent.user_id
)

select * from final
