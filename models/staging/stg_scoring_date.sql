-- A table, since every staged row is compared with it.
{{ config(materialized='table') }}

with users as (
    select * from {{ ref('stg_users') }}
),

-- A row that is rejected whatever the scoring date must not move it.
interventions as (
    select
        raw_interventions.intervention_id,
        raw_interventions.user_id,
        raw_interventions.intervention_date
    from {{ source('raw', 'interventions_raw') }} as raw_interventions
    inner join users
        on raw_interventions.user_id = users.user_id and raw_interventions.account_id = users.account_id
    where raw_interventions.intervention_date <= current_date
),

outcomes as (
    select
        intervention_id,
        user_id,
        max(outcome_window_days) as outcome_window_days
    from {{ source('raw', 'outcomes_raw') }}
    where outcome_window_days between 1 and 365
    group by intervention_id, user_id
),

due as (
    select max(interventions.intervention_date + cast(coalesce(outcomes.outcome_window_days, 0) as int)) as due_date
    from interventions
    left join outcomes
        on interventions.intervention_id = outcomes.intervention_id and interventions.user_id = outcomes.user_id
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
