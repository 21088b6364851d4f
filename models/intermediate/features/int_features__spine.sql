with users as (
    select * from {{ ref('stg_users') }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

campaign as (
    select
        'campaign' as population,
        campaign_id,
        intervention_id as observation_id,
        user_id,
        account_id,
        intervention_date as as_of_date,
        prev_nudge_response
    from interventions
    where is_eligible
),

-- What is known today of how a user takes nudges: as last recorded, unless the last nudge was taken badly.
last_interventions as (
    select
        interventions.user_id,
        case
            when interventions.is_treated and outcomes.has_negative_reaction then 'negative'
            else interventions.prev_nudge_response
        end as prev_nudge_response,
        row_number() over (
            partition by interventions.user_id
            order by interventions.intervention_date desc, interventions.intervention_id desc
        ) as recency_rank
    from interventions
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
),

today as (
    select
        'today' as population,
        'today' as campaign_id,
        users.user_id as observation_id,
        users.user_id,
        users.account_id,
        scoring.scoring_date as as_of_date,
        coalesce(last_interventions.prev_nudge_response, 'none') as prev_nudge_response
    from users
    left join last_interventions on users.user_id = last_interventions.user_id and last_interventions.recency_rank = 1
    cross join scoring
),

final as (
    select * from today
    union all
    select * from campaign
    {{ 'where false' if var('refresh') }}
)

select * from final
