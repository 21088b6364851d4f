with nudges as (
    select * from {{ ref('int_policy__nudges') }}
    where population = 'today' and is_shipped
),

features as (
    select * from {{ ref('int_features__users') }}
    where population = 'today'
),

assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm = 'treatment'
),

campaign as (
    select count(*) filter (where status = 'pause') > 0 as is_paused
    from {{ ref('int_campaign__rollout_status') }}
),

parameters as (
    select * from {{ ref('momentum_parameters') }}
),

-- The week before must be known and decelerate less; otherwise the deceleration did not start now.
final as (
    select
        nudges.user_id,
        nudges.account_id,
        nudges.policy_id,
        features.as_of_date as triggered_date,
        features.week_on_week_change,
        features.prior_week_on_week_change,
        nudges.lift,
        nudges.lift_lower,
        nudges.lift_upper
    from nudges
    inner join features on nudges.user_id = features.user_id
    inner join assignments on nudges.account_id = assignments.account_id
    cross join campaign
    cross join parameters
    where
        features.week_on_week_change between -parameters.most_deceleration and -parameters.least_deceleration
        and features.prior_week_on_week_change > -parameters.least_deceleration
        and not campaign.is_paused
)

select * from final
