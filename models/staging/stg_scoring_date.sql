-- A table, since every staged row reads it.
{{ config(materialized='table') }}

with users as (
    select * from {{ ref('base_users') }}
    where reject_reason is null
),

-- Rows rejected regardless of the scoring date must not move it.
interventions as (
    select
        raw_interventions.intervention_id,
        raw_interventions.user_id,
        raw_interventions.intervention_date
    from (
        select intervention_id, user_id, account_id, intervention_date from {{ ref('input_interventions') }}
        union all
        select intervention_id, user_id, account_id, intervention_date from {{ ref('base_logged_interventions') }}
    ) as raw_interventions
    inner join users
        on raw_interventions.user_id = users.user_id and raw_interventions.account_id = users.account_id
    where raw_interventions.intervention_date <= current_date
),

outcomes as (
    select
        intervention_id,
        user_id,
        max(outcome_window_days) as outcome_window_days
    from (
        select intervention_id, user_id, outcome_window_days from {{ ref('input_outcomes') }}
        union all
        select intervention_id, user_id, outcome_window_days from {{ ref('base_logged_interventions') }}
    ) as windows
    where {{ is_possible_window('outcome_window_days') }}
    group by intervention_id, user_id
),

due as (
    select max(interventions.intervention_date + cast(coalesce(outcomes.outcome_window_days, 0) as int)) as due_date
    from interventions
    left join outcomes
        on interventions.intervention_id = outcomes.intervention_id and interventions.user_id = outcomes.user_id
),

active_days as (
    select
        activity.activity_date,
        count(*) as n_rows,
        max(count(*)) over () as n_rows_of_busiest_day
    from {{ ref('base_user_activity') }} as activity
    inner join users on activity.user_id = users.user_id
    where activity.activity_date < current_date
    group by activity.activity_date
),

-- Misdated rows are rare, so a day counts only with a tenth of the busiest day's rows.
known as (
    select max(activity_date) as last_date
    from active_days
    where n_rows >= n_rows_of_busiest_day / 10
),

final as (
    select
        coalesce(
            cast(nullif('{{ env_var('CAUSALYN_SCORING_DATE', '') }}', '') as date),
            least(greatest(due.due_date, known.last_date + cast(1 as int)), current_date)
        ) as scoring_date,
        known.last_date as last_active_date
    from due
    cross join known
)

select * from final
