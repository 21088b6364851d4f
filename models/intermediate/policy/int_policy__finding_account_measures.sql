with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'campaign' and is_shipped and n_scored_users > 0
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

targets as (
    select * from {{ ref('int_policy__budget_curve') }}
    where population = 'campaign'
),

positive_users as (
    select
        campaign_id,
        account_id,
        avg(cast(lift > 0 as int)) as positive_user_share
    from scores
    group by 1, 2
),

accounts as (
    select
        decisions.account_id,
        decisions.n_admins > 2 as has_many_admins,
        cast(decisions.n_sleeping_dog_admins > 0 as int) as is_admin_at_risk,
        decisions.sum_lift_of_everybody > 0 as is_lift_positive,
        cast(decisions.net_value_of_everybody_usd <= 0 as int) as is_losing_money,
        cast(
            positive_users.positive_user_share > 0.5
            and (decisions.n_sleeping_dog_admins > 0 or decisions.sum_lift_of_everybody <= 0) as int
        ) as is_reversed
    from decisions
    inner join positive_users
        on decisions.campaign_id = positive_users.campaign_id and decisions.account_id = positive_users.account_id
),

last_account_to_80_percent as (
    select max(case when is_eighty_percent_point then net_value_usd end) as net_value_usd
    from targets
),

-- The share of accounts holding 80% of value, as a mean of each account's influence (linearised at the last account within the
-- share), so that the variance of the mean is that of the share.
concentration as (
    select
        targets.account_id,
        cast(targets.net_value_usd >= cutoff.net_value_usd as int)
        + (0.8 - cast(targets.net_value_usd >= cutoff.net_value_usd as int))
        * targets.net_value_usd / cutoff.net_value_usd as linearised_share
    from targets
    cross join last_account_to_80_percent as cutoff
),

final as (
    select account_id, 'many_admins_ratio' as finding_id, 'focus' as side, is_admin_at_risk as measure
    from accounts
    where has_many_admins
    union all
    select account_id, 'many_admins_ratio', 'base', is_admin_at_risk from accounts where not has_many_admins
    union all
    select account_id, 'rollup_reversal_share', 'focus', is_reversed from accounts
    union all
    select account_id, 'roi_negative_share', 'focus', is_losing_money from accounts where is_lift_positive
    union all
    select account_id, 'budget_share_for_80_percent', 'focus', linearised_share from concentration
)

select * from final
