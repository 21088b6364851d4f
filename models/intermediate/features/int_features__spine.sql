with users as (
    select * from {{ ref('stg_users') }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

today as (
    select
        'today' as population,
        'today' as campaign_id,
        users.user_id as observation_id,
        users.user_id,
        users.account_id,
        scoring.scoring_date as as_of_date
    from users
    cross join scoring
),

final as (
    select * from today
    union all
    select
        'campaign' as population,
        campaign_id,
        intervention_id as observation_id,
        user_id,
        account_id,
        intervention_date as as_of_date
    from interventions
    where is_eligible {{ 'and false' if var('refresh') }}
)

select * from final
