-- POL-07: Every guardrail of the rules has looked at every account under every policy; a check that is missing cannot veto.
with accounts as (
    select * from {{ ref('stg_accounts') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

campaigns as (
    select distinct campaign_id from {{ ref('int_features__spine') }}
    {{ where_in_scope() }}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

checks as (
    select * from {{ ref('int_policy__checks') }}
),

final as (
    select
        campaigns.campaign_id,
        policies.policy_id,
        accounts.account_id,
        rules.guardrail_id
    from accounts
    cross join policies
    cross join campaigns
    cross join rules
    except
    select
        campaign_id,
        policy_id,
        account_id,
        guardrail_id
    from checks
    where is_triggered is not null
)

select * from final
