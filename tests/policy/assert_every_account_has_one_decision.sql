-- POL-06: Every account has exactly one decision per policy, today and in the backtest of every past campaign.
with accounts as (
    select * from {{ ref('stg_accounts') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

campaigns as (
    select campaign_id from {{ ref('stg_interventions') }}
    where is_eligible and {{ not var('refresh') }}
    union
    select 'today' as campaign_id
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

final as (
    select
        campaigns.campaign_id,
        policies.policy_id,
        accounts.account_id
    from accounts
    cross join policies
    cross join campaigns
    left join decisions using (campaign_id, account_id, policy_id)
    group by 1, 2, 3
    having count(decisions.decision) <> 1
)

select * from final
