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

-- The last recorded response, unless the user reacted badly to the last nudge. The quarter is the 90 days that end with the
-- as-of date, on which there may be another nudge.
earlier as (
    select
        spine.population,
        spine.observation_id,
        interventions.intervention_date,
        interventions.is_sent,
        interventions.intervention_date > {{ days_before('spine.as_of_date', 90) }} as is_of_quarter,
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
        count(*) filter (where is_sent and is_of_quarter) as n_nudges_90d,
        max(intervention_date) filter (where is_sent) as last_nudge_date,
        max_by(nudge_response, intervention_date) filter (where nudge_response is not null) as nudge_response
    from earlier
    group by 1, 2
),

final as (
    select
        spine.population,
        spine.observation_id,
        coalesce(totals.n_earlier_nudges, 0) as n_earlier_nudges,
        cast(spine.as_of_date - totals.last_nudge_date as int) as days_since_last_nudge,
        coalesce(totals.n_nudges_90d, 0) as n_nudges_90d,
        totals.nudge_response
    from spine
    left join totals on spine.population = totals.population and spine.observation_id = totals.observation_id
)

select * from final
