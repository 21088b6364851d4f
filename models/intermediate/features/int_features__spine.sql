with users as (
    select * from {{ ref('stg_users') }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

-- Nothing after the scoring date is known, activity least of all: a later intervention would have empty windows.
eligible_interventions as (
    select
        interventions.*,
        row_number() over (
            partition by interventions.user_id
            order by interventions.intervention_date desc, interventions.intervention_id desc
        ) as recency_rank
    from interventions
    cross join scoring
    where interventions.is_eligible and interventions.intervention_date <= scoring.scoring_date
),

retrospective as (
    select
        users.user_id,
        users.account_id,
        eligible_interventions.intervention_date as as_of_date,
        'retrospective' as purpose,
        eligible_interventions.intervention_id,
        eligible_interventions.prev_nudge_response
    from eligible_interventions
    inner join users on eligible_interventions.user_id = users.user_id
    where eligible_interventions.recency_rank = 1
),

prospective as (
    select
        users.user_id,
        users.account_id,
        scoring.scoring_date as as_of_date,
        'prospective' as purpose,
        cast(null as string) as intervention_id,
        coalesce(retrospective.prev_nudge_response, 'none') as prev_nudge_response
    from users
    left join retrospective on users.user_id = retrospective.user_id
    cross join scoring
),

final as (
    select * from retrospective
    union all
    select * from prospective
)

select * from final
