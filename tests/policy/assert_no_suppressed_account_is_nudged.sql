-- POL-08: Every nudged user belongs to an account that the same policy targets.
with nudges as (
    select * from {{ ref('int_policy__nudges') }}
    {{ where_in_scope() }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

final as (
    select
        nudges.campaign_id,
        nudges.policy_id,
        nudges.account_id,
        nudges.user_id
    from nudges
    left join decisions using (campaign_id, policy_id, account_id)
    where decisions.decision is distinct from 'target'
)

select * from final
