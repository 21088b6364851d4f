-- Publication appends what is not recorded yet: an account's first assignment stays on record, whatever is decided later.
with dealt as (
    {{ gated(ref('int_campaign__assignments'), 'arm is not null') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

baselines as (
    select * from {{ ref('int_campaign__baselines') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

final as (
    select
        {{ running_campaign('parameters') }} || ':' || dealt.experiment || ':' || dealt.account_id as arm_id,
        {{ running_campaign('parameters') }} as campaign_id,
        dealt.account_id,
        dealt.policy_id,
        dealt.experiment,
        dealt.arm,
        dealt.wave,
        baselines.actions_30d,
        dealt.treatment_probability,
        parameters.control_share,
        parameters.exploration_share,
        parameters.validation_holdout_share,
        scoring.scoring_date as dealt_date,
        dealt.build_id as dealt_build_id
    from dealt
    left join baselines on dealt.account_id = baselines.account_id
    cross join parameters
    cross join scoring
)

select * from final
