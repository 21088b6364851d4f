with nudges as (
    {{ gated(ref('int_campaign__user_assignments')) }}
),

users as (
    select * from {{ ref('stg_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

waves as (
    select * from {{ ref('int_campaign__rollout_status') }}
),

sent as (
    select distinct user_id
    from {{ ref('stg_campaign_events') }}
    where is_sent
),

final as (
    select
        nudges.user_id,
        nudges.account_id,
        nudges.policy_id,
        nudges.campaign_id,
        nudges.experiment,
        nudges.wave,
        nudges.assignment_probability,
        nudges.lift,
        nudges.lift_lower,
        nudges.lift_upper,
        nudges.build_id,
        users.user_name,
        users.email,
        users.role_type,
        {{ known_by('accounts') }}
    from nudges
    left join users on nudges.user_id = users.user_id
    left join accounts on nudges.account_id = accounts.account_id
    inner join waves on nudges.wave = waves.wave
    left join sent on nudges.user_id = sent.user_id
    where nudges.arm = 'treatment' and waves.status = 'released' and sent.user_id is null
)

select * from final
