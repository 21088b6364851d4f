with spine as (
    select * from {{ ref('int_features__spine') }}
    {{ where_in_scope() }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

-- The last recorded response, unless the user reacted badly to the last nudge.
earlier as (
    select
        spine.population,
        spine.observation_id,
        interventions.intervention_date,
        interventions.is_sent,
        case
            when interventions.is_treated and outcomes.has_negative_reaction then 'negative'
            else interventions.prev_nudge_response
        end as nudge_response
    from spine
    inner join interventions
        on spine.user_id = interventions.user_id and spine.as_of_date > interventions.intervention_date
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
),

totals as (
    select
        population,
        observation_id,
        count(*) filter (where is_sent) as n_earlier_nudges,
        max(intervention_date) filter (where is_sent) as last_nudge_date,
        max_by(nudge_response, intervention_date) filter (where nudge_response is not null) as nudge_response
    from earlier
    group by 1, 2
),

-- In the 90 days that end with the as-of date, on which there may be another nudge.
of_the_quarter as (
    select
        spine.population,
        spine.observation_id,
        count(*) as n_nudges_90d
    from spine
    inner join interventions
        on
            spine.user_id = interventions.user_id
            and spine.as_of_date > interventions.intervention_date
            and interventions.intervention_date > {{ days_before('spine.as_of_date', 90) }}
    where interventions.is_sent
    group by 1, 2
),

final as (
    select
        spine.population,
        spine.observation_id,
        coalesce(totals.n_earlier_nudges, 0) as n_earlier_nudges,
        cast(spine.as_of_date - totals.last_nudge_date as int) as days_since_last_nudge,
        coalesce(of_the_quarter.n_nudges_90d, 0) as n_nudges_90d,
        totals.nudge_response
    from spine
    left join totals on spine.population = totals.population and spine.observation_id = totals.observation_id
    left join of_the_quarter
        on spine.population = of_the_quarter.population and spine.observation_id = of_the_quarter.observation_id
)

select * from final
