with features as (
    select * from {{ ref('int_features__prospective') }}
),

users as (
    select * from {{ ref('int_scoring__users') }}
    where lift > 0 and not is_sleeping_dog
),

accounts as (
    select * from {{ ref('int_scoring__account_decisions') }}
    where decision = 'target'
),

-- An account that is not dealt to an arm yet waits for the next full build: it might be held out.
assignments as (
    select * from {{ ref('campaign_assignments') }}
    where not is_global_control and coalesce(arm, 'none') <> 'control'
),

campaign as (
    select count(*) filter (where status = 'pause') > 0 as is_paused
    from {{ ref('rollout_status') }}
),

parameters as (
    select * from {{ ref('scoring_parameters') }}
),

-- The week before must be known and less of a deceleration, or this is not where it began.
final as (
    select
        users.user_id,
        users.account_id,
        users.policy_id,
        users.as_of_date as triggered_date,
        features.week_on_week_change,
        features.prior_week_on_week_change,
        users.lift,
        users.lift_lower,
        users.lift_upper,
        users.model_build_id
    from users
    inner join features on users.user_id = features.user_id
    inner join accounts on users.account_id = accounts.account_id
    inner join assignments on users.account_id = assignments.account_id
    cross join campaign
    cross join parameters
    where
        features.week_on_week_change between -parameters.most_deceleration and -parameters.least_deceleration
        and features.prior_week_on_week_change > -parameters.least_deceleration
        and not campaign.is_paused
)

select * from final
