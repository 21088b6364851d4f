{{ config(materialized='view') }}

-- Observed minus predicted, so campaigns that reach different users can be compared.
with scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

expected as (
    select
        observation_id,
        as_of_date,
        lift
    from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

nudges as (
    select
        observation_id,
        n_earlier_nudges
    from {{ ref('int_features__nudges') }}
    where population = 'campaign'
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

campaigns as (
    select
        campaign_id,
        row_number() over (order by min(intervention_date), campaign_id) as campaign_number
    from interventions
    group by campaign_id
),

final as (
    select
        scores.campaign_id,
        campaigns.campaign_number,
        scores.observation_id,
        scores.account_id,
        scores.is_treated,
        interventions.intervention_date,
        interventions.is_sent,
        nudges.n_earlier_nudges,
        scores.dr_score,
        expected.lift,
        scores.dr_score - expected.lift as surprise
    from scores
    inner join expected on scores.observation_id = expected.observation_id
    inner join interventions on scores.observation_id = interventions.intervention_id
    inner join nudges on scores.observation_id = nudges.observation_id
    inner join campaigns on scores.campaign_id = campaigns.campaign_id
    where expected.lift is not null
)

select * from final
