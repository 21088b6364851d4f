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

-- Three draws per account, independent of each other, of other accounts and of everything known about the account.
drawn as (
    select
        decisions.policy_id,
        decisions.account_id,
        decisions.decision,
        decisions.net_value_usd,
        {{ is_drawn('decisions.account_id', 'control', 'parameters.control_share') }} as is_global_control,
        {{ hash_bucket('decisions.account_id', 10000, running_campaign('parameters') ~ " || ':validation'") }} as validation_draw,
        {{ is_drawn('decisions.account_id', 'exploration', 'parameters.exploration_share') }} as is_explored,
        parameters.validation_holdout_share
    from decisions
    cross join parameters
),

-- An account keeps the wave it was first assigned, whichever others join or leave.
waves as (
    select
        drawn.account_id,
        'rollout' as experiment,
        case when drawn.is_global_control then 'control' else 'treatment' end as arm,
        coalesce(dealt_before.wave, ntile(10) over (order by drawn.net_value_usd desc, drawn.account_id asc)) as wave
    from drawn
    left join dealt_before on drawn.account_id = dealt_before.account_id and dealt_before.experiment = 'rollout'
    where drawn.decision = 'target'
),

at_risk as (
    select
        drawn.account_id,
        drawn.validation_draw,
        drawn.validation_holdout_share,
        dealt_before.arm as first_arm
    from drawn
    cross join parameters
    left join dealt_before on drawn.account_id = dealt_before.account_id and dealt_before.experiment = 'validation'
    where
        parameters.has_validation_holdout
        and drawn.decision = 'suppress_toxic_admin'
        and not drawn.is_global_control
),

-- By chance, or because accounts leave, the holdout could exceed its share: the last ones drawn then stay out, and are
-- in no arm if treated before. Accounts in `treatment` before come first, those in `control` before last.
validated as (
    select
        account_id,
        'validation' as experiment,
        case
            when
                coalesce(first_arm = 'treatment', validation_draw < 10000 * validation_holdout_share)
                and row_number() over (order by coalesce(first_arm, 'new') desc, validation_draw asc, account_id asc)
                <= floor(validation_holdout_share * count(*) over ())
                then 'treatment'
            when coalesce(first_arm = 'control', true) then 'control'
        end as arm,
        -- The last wave, so nobody at risk is nudged before the campaign has shown how users react.
        10 as wave
    from at_risk
),

-- In the last wave, too.
explorations as (
    select
        drawn.account_id,
        'exploration' as experiment,
        case when drawn.is_explored then 'treatment' else 'control' end as arm,
        10 as wave
    from drawn
    inner join explored on drawn.account_id = explored.account_id
    where not drawn.is_global_control
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
        dealt.experiment,
        dealt.arm,
        cast(dealt.wave as int) as wave
    from drawn
    left join dealt on drawn.account_id = dealt.account_id and dealt.arm is not null
)

select * from final
