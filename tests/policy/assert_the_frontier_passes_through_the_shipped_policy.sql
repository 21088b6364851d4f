-- POL-17: At the shipped parameters, the safety frontier has exactly the policy's targets.
with accounts as (
    select * from {{ ref('int_policy__frontier_accounts') }}
),

grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

shipped as (
    select
        accounts.campaign_id,
        accounts.account_id,
        accounts.is_target
    from accounts
    inner join grid on accounts.point_id = grid.point_id
    where grid.is_shipped
),

final as (
    select decisions.account_id
    from decisions
    left join shipped on decisions.campaign_id = shipped.campaign_id and decisions.account_id = shipped.account_id
    where decisions.is_shipped and (decisions.decision = 'target') is distinct from shipped.is_target
)

select * from final
