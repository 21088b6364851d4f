with final as (
    select
        population,
        campaign_id,
        observation_id,
        user_id,
        account_id,
        as_of_date,
        p_treated,
        p_control,
        lift,
        lift_se,
        lift_lower,
        lift_upper,
        propensity,
        raw_lift,
        lift_spread,
        lift_doubt,
        unseen_features,
        has_observed_outcome
    from {{ ref('int_uplift__user_scores') }}
)

select * from final
