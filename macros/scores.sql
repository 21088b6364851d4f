{#-
    A CTE (`consistent`) of scores that lie within [0, 1], from what the deciding learner says (`deciding`, a row a user): of the past
    campaign's users and of today's alike.
-#}
{% macro consistent_scores(others=[]) -%}
-- Nine decimals: beyond the model's accuracy, within what every engine adds up alike. NaN is no score.
finite_scores as (
    select
        user_id,
        {%- for score in ['lift', 'lift_se', 'p_control'] + others %}
        round(nullif({{ score }}, 'nan'), 9) as {{ score }}{{ ',' if not loop.last }}
        {%- endfor %}
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
