-- Over a negative mean a ratio misleads: users who gain would count as less persuadable than users who are put off.
with measures as (
    select finding_id, measure from {{ ref('int_policy__finding_user_measures') }}
    union all
    select finding_id, measure from {{ ref('int_policy__finding_account_measures') }}
),

definitions as (
    select * from {{ ref('finding_definitions') }}
),

final as (
    select
        definitions.finding_id,
        min(measures.measure) as least_measure
    from definitions
    inner join measures on definitions.finding_id = measures.finding_id
    where definitions.statistic = 'ratio'
    group by 1
    having min(measures.measure) < 0
)

select * from final
