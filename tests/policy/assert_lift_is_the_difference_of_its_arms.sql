-- POL-11: Lift is finite and equals p_treated - p_control, both probabilities; a null score is null in all columns. Scores are
-- rounded to billionths.
with scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    {{ where_in_scope() }}
),

final as (
    select
        population,
        observation_id,
        p_treated,
        p_control,
        lift,
        lift_se
    from scores
    where
        not coalesce(
            abs(lift - (p_treated - p_control)) < 1e-9
            and p_treated between 0 and 1
            and p_control between 0 and 1
            and lift between -1 and 1
            and lift_se between 0 and 10,
            p_treated is null and p_control is null and lift is null and lift_se is null
        )
)

select * from final
