with interventions as (
    {{ reported_interventions() }}
),

users as (
    select * from {{ ref('base_users') }}
    where reject_reason is null
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

outcome_windows as (
    select
        intervention_id,
        max(outcome_window_days) as outcome_window_days
    from (
        select intervention_id, outcome_window_days from {{ ref('input_outcomes') }}
        union all
        select intervention_id, outcome_window_days from {{ ref('base_logged_interventions') }}
    ) as outcomes
    where {{ is_possible_window('outcome_window_days') }}
    group by intervention_id
),

checked as (
    select
        interventions.*,
        case
            when
                interventions.intervention_id is null
                or interventions.user_id is null
                or interventions.intervention_date is null
                then 'null_key'
            when users.user_id is null then 'orphan_user'
            when coalesce(interventions.account_id, '') <> users.account_id then 'account_mismatch'
            when interventions.intervention_date > scoring.scoring_date then 'future_date'
            when interventions.intervention_date < date '2000-01-01' then 'old_date'
            when abs(interventions.assignment_probability - 0.5) >= 0.5 then 'certain_assignment'
            -- The models' name for today's population.
            when interventions.campaign_id = 'today' then 'reserved_campaign'
        end as row_reason
    from interventions
    left join users on interventions.user_id = users.user_id
    cross join scoring
),

deduplicated as (
    {{ without_repeats(
        'checked',
        key=['intervention_id'],
        columns=[
            'user_id', 'account_id', 'intervention_date', 'is_eligible', 'is_treated', 'delivery_channel', 'campaign_id',
            'assignment_probability', 'prev_nudge_response', 'is_sent',
        ],
    ) }}
),

-- End of the last outcome window that began before this intervention; a window of unknown length lasts a day.
windows as (
    select
        deduplicated.*,
        max(deduplicated.intervention_date + cast(coalesce(outcome_windows.outcome_window_days, 1) as int)) over (
            partition by deduplicated.user_id, deduplicated.reject_reason
            order by deduplicated.intervention_date, deduplicated.intervention_id
            rows between unbounded preceding and 1 preceding
        ) as earlier_window_end
    from deduplicated
    left join outcome_windows on deduplicated.intervention_id = outcome_windows.intervention_id
),

rejected as (
    select
        *,
        -- An overlapping intervention's outcome could be the effect of the earlier nudge.
        coalesce(
            reject_reason, case when intervention_date < earlier_window_end then 'overlapping_window' end
        ) as final_reason
    from windows
),

-- Without a campaign name, a user's n-th intervention belongs to the n-th round.
final as (
    select
        intervention_id,
        user_id,
        account_id,
        intervention_date,
        is_eligible,
        is_treated,
        is_sent,
        delivery_channel,
        prev_nudge_response,
        assignment_probability,
        coalesce(
            campaign_id,
            'round ' || cast(row_number() over (
                partition by user_id, final_reason order by intervention_date, intervention_id
            ) as string)
        ) as campaign_id,
        final_reason as reject_reason
    from rejected
)

select * from final
