with inputs as (
    select * from {{ ref('int_scoring__inputs') }}
),

deciding as (
    select * from {{ ref('int_scoring__scores') }}
),

learner as (
    select distinct
        {{ normal_quantile('(1 + interval_level) / 2') }} as interval_width
    from {{ ref('int_uplift__published_models') }}
),

{{ consistent_scores() }},

final as (
    select
        inputs.user_id,
        inputs.account_id,
        inputs.as_of_date,
        deciding.as_of_date as scored_as_of_date,
        inputs.fold,
        round(consistent.p_control_given_lift + consistent.lift, 9) as p_treated,
        consistent.p_control_given_lift as p_control,
        consistent.lift,
        consistent.lift_se,
        round(consistent.lift - learner.interval_width * consistent.lift_se, 9) as lift_lower,
        round(consistent.lift + learner.interval_width * consistent.lift_se, 9) as lift_upper,
        inputs.model_build_id
    from inputs
    left join deciding on inputs.user_id = deciding.user_id
    left join consistent on inputs.user_id = consistent.user_id
    cross join learner
)

select * from final
