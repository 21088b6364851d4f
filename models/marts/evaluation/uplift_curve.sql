with ranked_users as (
    select * from {{ ref('int_evaluation__ranked_users') }}
),

by_account_and_decile as (
    select
        learner_id,
        account_id,
        decile,
        count(*) as n_users,
        {{ sum_int('dr_billionths') }} as dr_billionths
    from ranked_users
    group by 1, 2, 3
),

deciles as (
    select distinct decile from by_account_and_decile
),

by_account_above as (
    select
        above.learner_id,
        above.account_id,
        deciles.decile,
        {{ sum_int('above.n_users') }} as n_users,
        {{ sum_int('above.dr_billionths') }} / 1e9 as dr_sum
    from by_account_and_decile as above
    inner join deciles on above.decile <= deciles.decile
    group by 1, 2, 3
),

means as (
    select
        *,
        sum(dr_sum) over (partition by learner_id, decile) / sum(n_users) over (partition by learner_id, decile) as mean_lift
    from by_account_above
),

totals as (
    select
        learner_id,
        decile,
        {{ sum_int('n_users') }} as n_users,
        max(mean_lift) as mean_lift,
        {{ clustered_error('dr_sum - n_users * mean_lift') }} / sum(n_users) as mean_lift_se
    from means
    group by 1, 2
),

everybody as (
    select learner_id, n_users, mean_lift from totals where decile = 10
),

final as (
    select
        totals.learner_id,
        cast(totals.decile / 10.0 as double) as population_share,
        totals.n_users,
        {{ with_interval('mean_lift', 'totals.mean_lift', 'totals.mean_lift_se', digits=9) }},
        round(totals.n_users * totals.mean_lift / everybody.n_users, 9) as gain,
        round(totals.n_users * (totals.mean_lift - everybody.mean_lift) / everybody.n_users, 9) as qini_gap
    from totals
    inner join everybody on totals.learner_id = everybody.learner_id
)

select * from final
