with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm is not null
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today'
),

features as (
    select * from {{ ref('int_features__users') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

interventions as (
    select
        *,
        first_value(campaign_id) over (order by intervention_date desc, campaign_id asc) as last_campaign_id
    from {{ ref('stg_interventions') }}
    where is_eligible
),

activity as (
    select
        account_id,
        {{ sum_int('actions_30d') }} as actions_30d
    from features
    where population = 'today'
    group by 1
),

-- Campaigns reach different users, so the last one stands for the next.
past as (
    select
        interventions.account_id,
        count(*) filter (where outcomes.is_converted) as n_conversions,
        {{ exact_sum_usd('coalesce(outcomes.revenue_usd, 0.0)') }} as revenue_usd,
        {{ sum_int('features.actions_30d') }} as actions_30d
    from interventions
    inner join features
        on interventions.intervention_id = features.observation_id and features.population = 'campaign'
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
    where interventions.campaign_id = interventions.last_campaign_id
    group by 1
),

-- Both arms get the expected revenue of being nudged: everybody in the validation, the policy's picks in the rollout.
final as (
    select
        assignments.account_id,
        assignments.experiment,
        assignments.arm,
        assignments.wave,
        coalesce(activity.actions_30d, 0) as actions_30d,
        past.actions_30d as past_actions_30d,
        case
            when scale.value_per_conversion_usd is null then past.n_conversions * decisions.value_per_conversion_usd
            else past.revenue_usd
        end as past_revenue_usd,
        case
            when assignments.experiment = 'rollout' then decisions.expected_revenue_usd
            else decisions.expected_revenue_of_everybody_usd
        end as expected_revenue_usd
    from assignments
    inner join decisions on assignments.account_id = decisions.account_id
    left join activity on assignments.account_id = activity.account_id
    left join past on assignments.account_id = past.account_id
    cross join {{ ref('int_uplift__outcome_scale') }} as scale
)

select * from final
