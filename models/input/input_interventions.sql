with final as (
    select
        intervention_id,
        user_id,
        account_id,
        intervention_date,
        eligibility_flag,
        treatment_flag,
        delivery_channel,
        prev_nudge_response,
        campaign_id,
        assignment_probability
    from {{ source('raw', 'interventions_raw') }}
)

select * from final
