with outcomes as (
    {% for outcomes in [ref('input_outcomes'), ref('base_logged_interventions')] %}
    select
        user_id,
        intervention_id,
        collab_activated_flag = 1 as is_converted,
        activation_date,
        outcome_window_days,
        negative_reaction_flag = 1 as has_negative_reaction,
        case when {{ is_possible_revenue('revenue_usd') }} then revenue_usd end as revenue_usd
    from {{ outcomes }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

interventions as (
    select * from {{ ref('base_interventions') }}
    where reject_reason is null
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

checked as (
    select
        outcomes.*,
        interventions.intervention_date,
        case
            when outcomes.user_id is null or outcomes.intervention_id is null then 'null_key'
            when interventions.intervention_id is null then 'orphan_intervention'
            when not coalesce({{ is_possible_window('outcomes.outcome_window_days') }}, false) then 'impossible_window'
            when interventions.intervention_date + cast(outcomes.outcome_window_days as int) > scoring.scoring_date
                then 'open_window'
            when outcomes.is_converted and outcomes.activation_date < interventions.intervention_date then 'converted_before'
        end as row_reason
    from outcomes
    left join interventions
        on outcomes.intervention_id = interventions.intervention_id and outcomes.user_id = interventions.user_id
    cross join scoring
),

final as (
    {{ without_repeats(
        'checked',
        key=['intervention_id'],
        columns=['user_id', 'is_converted', 'activation_date', 'outcome_window_days', 'has_negative_reaction', 'revenue_usd'],
    ) }}
)

select * from final
