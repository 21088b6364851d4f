-- A table, since every staged row is compared with it.
{{ config(materialized='table') }}

with interventions as (
    select
        intervention_id,
        intervention_date
    from {{ source('raw', 'interventions_raw') }}
    where intervention_date <= current_date
),

outcomes as (
    select
        intervention_id,
        max(outcome_window_days) as outcome_window_days
    from {{ source('raw', 'outcomes_raw') }}
    where outcome_window_days between 1 and 365
    group by intervention_id
),

due as (
    select max(interventions.intervention_date + cast(coalesce(outcomes.outcome_window_days, 0) as int)) as due_date
    from interventions
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
),

final as (
    select
        coalesce(
            cast({{ "'" ~ var('scoring_date') ~ "'" if var('scoring_date') else 'null' }} as date),
            least(due_date, current_date)
        ) as scoring_date
    from due
)

select * from final
