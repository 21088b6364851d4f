with policies as (
    select * from {{ ref('policy_parameters') }}
    where is_shipped
),

funnel as (
    select * from {{ ref('policy_funnel') }}
    inner join policies using (policy_id)
    where population = 'campaign'
),

comparison as (
    select * from {{ ref('policy_comparison') }}
    inner join policies using (policy_id)
    where population = 'campaign'
),

blind as (
    select * from comparison
    where strategy = 'everybody'
),

guarded as (
    select * from comparison
    where strategy = policy_id
),

-- The claim counts everybody in target accounts, since its authors nudged everybody there.
targets as (
    select {{ exact_sum_usd('decisions.net_value_of_everybody_usd') }} as net_value_usd
    from {{ ref('account_policy') }} as decisions
    inner join policies on decisions.policy_id = policies.policy_id
    where decisions.population = 'campaign' and decisions.decision = 'target'
),

users as (
    select * from {{ ref('int_audit__users') }}
    where population = 'campaign' and is_shipped
),

findings as (
    select * from {{ ref('findings') }}
),

measures as (
    select * from {{ ref('int_policy__finding_user_measures') }}
    where finding_id in ('active_user_lift', 'momentum_difference')
),

-- Claims about lift are about the world, so hidden truth measures them; `findings` has the estimates.
true_lifts as (
    select
        measures.finding_id,
        avg(users.true_lift) filter (where measures.side = 'focus') as focus_lift,
        avg(users.true_lift) filter (where measures.side = 'base') as base_lift
    from measures
    inner join users on measures.unit_id = users.observation_id
    group by 1
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
    select 'policy_net_value', net_value_usd from targets
    union all
    select 'policy_share_of_blind_value', {{ safe_divide('targets.net_value_usd', 'blind.net_value_usd') }}
    from targets
    cross join blind
    union all
    select 'blind_admins_at_risk', n_admins_at_risk from blind
    union all
    select 'policy_admins_at_risk', n_admins_at_risk from guarded
    union all
    select finding_id, estimate from findings where finding_id not in ('active_user_lift', 'momentum_difference')
    union all
    select finding_id, focus_lift from true_lifts where finding_id = 'active_user_lift'
    union all
    select 'momentum_ratio', {{ safe_divide('focus_lift', 'base_lift') }} from true_lifts where finding_id = 'momentum_difference'
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
