with final as (
    select
        user_id,
        account_id,
        policy_id,
        campaign_id,
        experiment,
        wave,
        assignment_probability,
        lift,
        lift_lower,
        lift_upper
    from {{ ref('int_campaign__user_assignments') }}
    where arm = 'treatment'
)

select * from final
