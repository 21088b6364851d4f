with dependence as (
    select * from {{ ref('int_uplift__dependence') }}
),

user_tenths as (
    select * from {{ ref('int_uplift__feature_tenths') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

-- Tenth 0 holds everybody, with or without a known value.
by_account as (
    select
        dependence.momentum_tenth,
        dependence.intensity_tenth,
        dr_scores.account_id,
        count(*) as n_users,
        {{ sum_int('cast(round(dr_scores.dr_score * 1e9) as bigint)') }} as dr_billionths
    from dr_scores
    inner join user_tenths on dr_scores.observation_id = user_tenths.observation_id
    inner join dependence
        on
            dependence.momentum_tenth in (0, user_tenths.momentum_tenth)
            and dependence.intensity_tenth in (0, user_tenths.intensity_tenth)
    group by 1, 2, 3
),

totals as (
    select
        momentum_tenth,
        intensity_tenth,
        {{ sum_int('n_users') }} as n_users,
        {{ sum_int('dr_billionths') }} / 1e9 / sum(n_users) as realised_lift
    from by_account
    group by 1, 2
),

spread as (
    select
        totals.momentum_tenth,
        totals.intensity_tenth,
        sqrt(sum(power(by_account.dr_billionths / 1e9 - by_account.n_users * totals.realised_lift, 2)))
        / max(totals.n_users) as realised_lift_se
    from totals
    inner join by_account
        on totals.momentum_tenth = by_account.momentum_tenth and totals.intensity_tenth = by_account.intensity_tenth
    group by 1, 2
),

final as (
    select
        dependence.momentum_tenth,
        dependence.intensity_tenth,
        dependence.momentum,
        dependence.intensity,
        round(dependence.lift, 9) as lift,
        round(dependence.lift_se, 9) as lift_se,
        coalesce(totals.n_users, 0) as n_users,
        round(totals.realised_lift, 9) as realised_lift,
        round(spread.realised_lift_se, 9) as realised_lift_se
    from dependence
    left join totals
        on dependence.momentum_tenth = totals.momentum_tenth and dependence.intensity_tenth = totals.intensity_tenth
    left join spread
        on dependence.momentum_tenth = spread.momentum_tenth and dependence.intensity_tenth = spread.intensity_tenth
)

select * from final
