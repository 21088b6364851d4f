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

-- The risk is the mean squared distance of lift from the doubly robust score, whose noise is the same before and after. In
-- billionths, so that no sum depends on the order of addition.
compared as (
    select
        shuffled.feature,
        shuffled.account_id,
        cast(round(1e9 * power(shuffled.lift - scores.lift, 2)) as bigint) as change_billionths,
        cast(round(1e9 * (
            power(shuffled.lift - dr_scores.dr_score, 2) - power(scores.lift - dr_scores.dr_score, 2)
        )) as bigint) as risk_billionths
    from shuffled
    inner join dr_scores on shuffled.observation_id = dr_scores.observation_id
    inner join scores on shuffled.observation_id = scores.observation_id
),

by_account as (
    select
        feature,
        account_id,
        count(*) as n_users,
        {{ sum_int('change_billionths') }} as change_billionths,
        {{ sum_int('risk_billionths') }} / 1e9 as risk_increase
    from compared
    group by 1, 2
),

totals as (
    select
        feature,
        {{ sum_int('n_users') }} as n_users,
        sqrt({{ sum_int('change_billionths') }} / 1e9 / sum(n_users)) as lift_change,
        sum(risk_increase) / sum(n_users) as risk_increase
    from by_account
    group by 1
),

spread as (
    select
        totals.feature,
        sqrt(sum(power(by_account.risk_increase - by_account.n_users * totals.risk_increase, 2))) as norm
    from totals
    inner join by_account on totals.feature = by_account.feature
    group by 1
),

measured as (
    select
        totals.feature,
        totals.n_users,
        round(totals.lift_change, 9) as lift_change,
        round(totals.risk_increase, 9) as risk_increase,
        round(spread.norm / totals.n_users, 9) as risk_increase_se,
        round(totals.risk_increase - 1.959963985 * spread.norm / totals.n_users, 9) as risk_increase_lower,
        round(totals.risk_increase + 1.959963985 * spread.norm / totals.n_users, 9) as risk_increase_upper
    from totals
    inner join spread on totals.feature = spread.feature
),

final as (
    select
        cast(row_number() over (order by measured.lift_change desc, measured.feature asc) as int) as importance_rank,
        measured.*
    from measured
)

select * from final
