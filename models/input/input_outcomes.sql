with final as (
    select
        user_id,
        intervention_id,
        collab_activated_flag,
        activation_date,
        outcome_window_days,
        negative_reaction_flag
    from {{ source('raw', 'outcomes_raw') }}
)

select * from final
