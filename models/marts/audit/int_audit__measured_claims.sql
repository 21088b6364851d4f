{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with policies as (
    select * from {{ ref('policy_parameters') }}
    where is_shipped
),

funnel as (
    select * from {{ ref('policy_funnel') }}
    inner join policies using (policy_id)
),

comparison as (
    select * from {{ ref('policy_comparison') }}
    inner join policies using (policy_id)
),

blind as (
    select * from comparison
    where strategy = 'everybody'
),

guarded as (
    select * from comparison
    where strategy = policy_id
),

users as (
    select * from {{ ref('int_audit__users') }}
    inner join policies using (policy_id)
),

findings as (
    select * from {{ ref('findings') }}
),

truths as (
    select
        true_group,
        avg(cast(is_nudged as int)) as nudged_share,
        avg(cast(decision = 'target' as int)) as targeted_share,
        avg(cast(raw_lift > 0 as int)) as raw_nudged_share
    from users
    group by 1
),

final as (
    select 'accounts' as claim_id, cast(sum(n_accounts) as double) as measured from funnel
    union all
    select 'accounts_' || decision, n_accounts from funnel
    union all
    select 'blind_net_value', net_value_usd from blind
    union all
    select 'policy_net_value', net_value_usd from guarded
    union all
    select 'policy_share_of_blind_value', {{ safe_divide('guarded.net_value_usd', 'blind.net_value_usd') }}
    from guarded
    cross join blind
    union all
    select 'blind_admins_at_risk', n_admins_at_risk from blind
    union all
    select 'policy_admins_at_risk', n_admins_at_risk from guarded
    union all
    select finding_id, estimate from findings
    union all
    select 'sleeping_dogs_nudged_share', nudged_share from truths where true_group = 'sleeping_dog'
    union all
    select 'raw_model_true_dogs_nudged_share', raw_nudged_share from truths where true_group = 'sleeping_dog'
    union all
    select 'sure_things_suppressed_share', 1 - targeted_share from truths where true_group = 'sure_thing'
    union all
    select 'persuadables_targeted_share', targeted_share from truths where true_group = 'persuadable'
    union all
    select 'lost_causes_suppressed_share', 1 - targeted_share from truths where true_group = 'lost_cause'
)

select * from final
