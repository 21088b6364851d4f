with shuffled as (
    select * from {{ ref('int_uplift__shuffled_lift') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

-- Mean squared error of lift against doubly robust scores, whose noise is the same before and after.
compared as (
    select
        shuffled.feature,
        shuffled.account_id,
        power(shuffled.lift - scores.lift, 2) as squared_change,
        power(shuffled.lift - dr_scores.dr_score, 2) - power(scores.lift - dr_scores.dr_score, 2) as risk_increase
    from shuffled
    inner join dr_scores on shuffled.observation_id = dr_scores.observation_id
    inner join scores on shuffled.observation_id = scores.observation_id
),

measured as (
    {{ clustered_means('compared', 'risk_increase', by=['feature'], beside=['squared_change']) }}
),

final as (
    select
        cast(row_number() over (order by round(sqrt(squared_change), 9) desc, feature asc) as int) as importance_rank,
        feature,
        n_rows as n_users,
        round(sqrt(squared_change), 9) as lift_change,
        {{ with_interval('risk_increase', 'mean', 'standard_error', digits=9) }}
    from measured
)

select * from final
