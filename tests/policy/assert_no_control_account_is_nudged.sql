-- POL-18: The campaign nudges nobody in the global holdout, its comparison group.
with nudges as (
    select * from {{ ref('int_campaign__user_assignments') }}
    where arm = 'treatment'
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

final as (
    select
        nudges.account_id,
        nudges.user_id
    from nudges
    cross join parameters
    where
        {{ is_drawn('nudges.account_id', 'control', 'parameters.control_share') }}
)

select * from final
