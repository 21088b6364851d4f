with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm is not null
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

features as (
    select * from {{ ref('int_features__retrospective') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

expected as (
    select
        policy_id,
        account_id,
        -- Millionths of a dollar, so that the sum does not depend on the order of addition.
        {{ sum_int('cast(round(expected_revenue_usd * 1e6) as bigint)') }} / 1e6 as expected_revenue_usd
    from nudges
    group by 1, 2
),

past as (
    select
        features.account_id,
        {{ sum_int('features.actions_30d') }} as actions_30d,
        count(*) filter (where outcomes.is_converted) as n_conversions
    from features
    left join outcomes on features.intervention_id = outcomes.intervention_id
    group by 1
),

-- Both arms expect what nudging them would bring: of everybody in the validation, of whom the policy picks in the rollout.
final as (
    select
        assignments.account_id,
        assignments.experiment,
        assignments.arm,
        coalesce(past.actions_30d, 0) as actions_30d,
        coalesce(past.n_conversions, 0) * decisions.value_per_conversion_usd as past_revenue_usd,
        case
            when assignments.experiment = 'rollout' then coalesce(expected.expected_revenue_usd, 0.0)
            else decisions.expected_revenue_usd
        end as expected_revenue_usd
    from assignments
    inner join decisions on assignments.account_id = decisions.account_id
    left join past on assignments.account_id = past.account_id
    left join expected on assignments.policy_id = expected.policy_id and assignments.account_id = expected.account_id
)

select * from final
