with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today'
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

dealt_before as (
    select * from {{ ref('int_campaign__dealt_before') }}
),

explored as (
    select unit_id as account_id
    from {{ ref('int_campaign__exploration') }}
    where unit_type = 'account' and is_admitted
),

-- Two draws per account, independent of each other, of other accounts and of everything known about the account.
drawn as (
    select
        decisions.policy_id,
        decisions.account_id,
        decisions.decision,
        decisions.net_value_usd,
        {{ is_drawn('decisions.account_id', 'control', 'parameters.control_share') }} as is_global_control,
        {{ is_drawn('decisions.account_id', 'exploration', 'parameters.exploration_share') }} as is_explored,
        parameters.control_share,
        parameters.exploration_share,
        dealt_before.experiment as first_experiment,
        dealt_before.wave as first_wave,
        dealt_before.treatment_probability as first_probability
    from decisions
    cross join parameters
    left join dealt_before on decisions.account_id = dealt_before.account_id
),

-- An account keeps the wave it was first assigned, whichever others join or leave.
waves as (
    select
        account_id,
        'rollout' as experiment,
        case when is_global_control then 'control' else 'treatment' end as arm,
        coalesce(first_wave, ntile(10) over (order by net_value_usd desc, account_id asc)) as wave,
        1 - control_share as treatment_probability
    from drawn
    where decision = 'target' and coalesce(first_experiment, 'rollout') = 'rollout'
),

validated as (
    select
        account_id,
        'validation' as experiment,
        arm,
        -- The last wave, so nobody at risk is nudged before the campaign has shown how users react.
        10 as wave,
        treatment_probability
    from {{ ref('int_campaign__validation') }}
),

explorations as (
    select
        drawn.account_id,
        'exploration' as experiment,
        case when drawn.is_explored then 'treatment' else 'control' end as arm,
        10 as wave, -- as above
        drawn.exploration_share as treatment_probability
    from drawn
    inner join explored on drawn.account_id = explored.account_id
    where not drawn.is_global_control and coalesce(drawn.first_experiment, 'exploration') = 'exploration'
),

dealt as (
    select * from waves
    union all
    select * from validated
    union all
    select * from explorations
),

final as (
    select
        drawn.account_id,
        drawn.policy_id,
        drawn.decision,
        drawn.net_value_usd,
        drawn.is_global_control,
        coalesce(drawn.first_experiment, dealt.experiment) as first_experiment,
        dealt.experiment,
        dealt.arm,
        cast(dealt.wave as int) as wave,
        case
            when dealt.arm is not null then coalesce(drawn.first_probability, dealt.treatment_probability)
        end as treatment_probability
    from drawn
    left join dealt on drawn.account_id = dealt.account_id and dealt.arm is not null
)

select * from final
