-- POL-11: Lift is finite and equals p_treated - p_control, both probabilities, or not below 0 if the outcome is revenue; a null
-- score is null in all columns. Scores are rounded to billionths.
with scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    {{ where_in_scope() }}
),

limits as (
    select case when outcome_measure = 'revenue' then 1e9 else 1.0 end as most
    from {{ ref('learner_parameters') }}
),

final as (
    select
        scores.population,
        scores.observation_id,
        scores.p_treated,
        scores.p_control,
        scores.lift,
        scores.lift_se
    from scores
    cross join limits
    where
        not coalesce(
            abs(lift - (p_treated - p_control)) < 1e-9
            and p_treated between 0 and limits.most
            and p_control between 0 and limits.most
            and lift between -limits.most and limits.most
            and lift_se between 0 and 10 * limits.most,
            p_treated is null and p_control is null and lift is null and lift_se is null
        )
)

select * from final
