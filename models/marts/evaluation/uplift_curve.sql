with ranked_users as (
    select * from {{ ref('int_evaluation__ranked_users') }}
),

by_account_and_tenth as (
    select
        learner_id,
        account_id,
        tenth,
        count(*) as n_users,
        {{ sum_int('dr_billionths') }} as dr_billionths
    from ranked_users
    group by 1, 2, 3
),

tenths as (
    select distinct tenth from by_account_and_tenth
),

by_account_above as (
    select
        above.learner_id,
        above.account_id,
        tenths.tenth,
        {{ sum_int('above.n_users') }} as n_users,
        {{ sum_int('above.dr_billionths') }} as dr_billionths
    from by_account_and_tenth as above
    inner join tenths on above.tenth <= tenths.tenth
    group by 1, 2, 3
),

totals as (
    select
        learner_id,
        tenth,
        {{ sum_int('n_users') }} as n_users,
        {{ sum_int('dr_billionths') }} / 1e9 as dr_sum,
        {{ sum_int('dr_billionths') }} / 1e9 / sum(n_users) as mean_lift
    from by_account_above
    group by 1, 2
),

spread as (
    select
        totals.learner_id,
        totals.tenth,
        sqrt(sum(power(by_account_above.dr_billionths / 1e9 - by_account_above.n_users * totals.mean_lift, 2))) as norm
    from totals
    inner join by_account_above
        on totals.learner_id = by_account_above.learner_id and totals.tenth = by_account_above.tenth
    group by 1, 2
),

everybody as (
    select learner_id, n_users, mean_lift from totals where tenth = 10
),

final as (
    select
        totals.learner_id,
        cast(totals.tenth / 10.0 as double) as population_share,
        totals.n_users,
        round(totals.mean_lift, 9) as mean_lift,
        round(spread.norm / totals.n_users, 9) as mean_lift_se,
        round(totals.mean_lift - {{ normal_quantile('0.975') }} * spread.norm / totals.n_users, 9) as mean_lift_lower,
        round(totals.mean_lift + {{ normal_quantile('0.975') }} * spread.norm / totals.n_users, 9) as mean_lift_upper,
        round(totals.dr_sum / everybody.n_users, 9) as gain,
        round(totals.n_users * (totals.mean_lift - everybody.mean_lift) / everybody.n_users, 9) as qini_gap
    from totals
    inner join spread on totals.learner_id = spread.learner_id and totals.tenth = spread.tenth
    inner join everybody on totals.learner_id = everybody.learner_id
)

select * from final
