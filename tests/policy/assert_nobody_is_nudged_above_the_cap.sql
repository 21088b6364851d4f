-- POL-27: Nobody gets more nudges within 90 days than the campaign allows. Recounted from interventions.
with nudges as (
    select user_id from {{ ref('int_campaign__user_assignments') }}
    where arm = 'treatment'
    union
    select user_id from {{ ref('int_policy__nudges') }}
    where population = 'today'
),

sent as (
    select
        interventions.user_id,
        count(*) as n_nudges
    from {{ ref('stg_interventions') }} as interventions
    cross join {{ ref('stg_scoring_date') }} as scoring
    where
        interventions.is_sent
        and interventions.intervention_date < scoring.scoring_date
        and interventions.intervention_date + cast(90 as int) > scoring.scoring_date
    group by 1
),

final as (
    select
        nudges.user_id,
        sent.n_nudges
    from nudges
    inner join sent on nudges.user_id = sent.user_id
    cross join {{ ref('campaign_parameters') }} as parameters
    where sent.n_nudges >= parameters.nudges_per_quarter_limit
)

select * from final
