with interventions as (
    select
        intervention_id,
        user_id,
        account_id,
        intervention_date,
        eligibility_flag = 1 as is_eligible,
        treatment_flag = 1 as is_treated,
        delivery_channel,
        {{ known_word('prev_nudge_response', ['positive', 'ignored', 'negative'], otherwise='none') }}
            as prev_nudge_response
    from {{ source('raw', 'interventions_raw') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
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
        end as row_reason
    from interventions
    left join users on interventions.user_id = users.user_id
    cross join scoring
),

-- Rows of one intervention that disagree are all rejected: to keep one would be to choose an arm.
final as (
    select
        intervention_id,
        user_id,
        account_id,
        intervention_date,
        is_eligible,
        is_treated,
        delivery_channel,
        prev_nudge_response,
        case
            when row_reason is not null then row_reason
            when count(*) over one_intervention <> count(*) over copies then 'conflicting_duplicate'
            when row_number() over copies > 1 then 'duplicate_row'
        end as reject_reason
    from checked
    -- Copies are equal in what orders them, so that it orders nothing: engines ask for it to number rows.
    window
        one_intervention as (partition by intervention_id, row_reason),
        copies as (
            partition by
                intervention_id, row_reason, user_id, account_id, intervention_date, is_eligible, is_treated,
                delivery_channel, prev_nudge_response
            order by intervention_id
        )
)

select * from final
