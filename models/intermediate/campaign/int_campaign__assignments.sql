with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today'
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

-- Another share would move accounts from one arm to the other.
other_shares as (
    select
        count(*) as n_arms,
        max(arms.campaign_id) as campaign_id,
        max(arms.control_share) as control_share
    from {{ source('published', 'campaign_arms') }} as arms
    inner join parameters
        on arms.campaign_id = {{ running_campaign('parameters') }} and arms.control_share <> parameters.control_share
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

waves as (
    select
        account_id,
        'rollout' as experiment,
        case when is_global_control then 'control' else 'treatment' end as arm,
        ntile(10) over (order by net_value_usd desc, account_id asc) as wave
    from drawn
    where decision = 'target'
),

-- Chance could give the holdout more accounts than its share; the last ones drawn then stay out.
validated as (
    select
        drawn.account_id,
        'validation' as experiment,
        case
            when
                drawn.validation_draw < 10000 * drawn.validation_holdout_share
                and row_number() over (order by drawn.validation_draw, drawn.account_id)
                <= floor(drawn.validation_holdout_share * count(*) over ())
                then 'treatment'
            else 'control'
        end as arm,
        -- Last, so nobody at risk is nudged before the campaign has shown how users react.
        10 as wave
    from drawn
    cross join parameters
    where
        parameters.has_validation_holdout
        and drawn.decision = 'suppress_toxic_admin'
        and not drawn.is_global_control
),

-- Last, too.
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
    left join dealt on drawn.account_id = dealt.account_id
    cross join other_shares
    where
        case
            when other_shares.n_arms = 0 then true
            else {{ raise_error(
                "'Nothing was decided: control_share changed within a campaign. ' || other_shares.campaign_id || ' has dealt arms with '"
                ~ " || cast(other_shares.control_share as string)"
                ~ " || ': restore it in seeds/campaign_parameters.csv, or start another campaign with another salt'"
            ) }}
        end
)

select * from final
