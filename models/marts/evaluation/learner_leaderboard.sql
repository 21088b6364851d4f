with ranked_users as (
    select * from {{ ref('int_evaluation__ranked_users') }}
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

by_account as (
    select
        learner_id,
        account_id,
        count(*) as n_users,
        sum(qini_billionths) / 1e9 as qini_sum,
        sum(influence_billionths) / 1e9 as influence_sum
    from ranked_users
    group by 1, 2
),

totals as (
    select
        learner_id,
        {{ sum_int('n_users') }} as n_users,
        count(*) as n_accounts,
        sum(qini_sum) / sum(n_users) as qini,
        sum(influence_sum) / sum(n_users) as mean_influence
    from by_account
    group by 1
),

centred as (
    select
        by_account.learner_id,
        by_account.account_id,
        by_account.influence_sum - by_account.n_users * totals.mean_influence as influence
    from by_account
    inner join totals on by_account.learner_id = totals.learner_id
),

response_influences as (
    select * from centred where learner_id = 'response_model'
),

response_total as (
    select qini from totals where learner_id = 'response_model'
),

spread as (
    select
        centred.learner_id,
        sqrt(sum(centred.influence * centred.influence)) as influence_norm,
        sqrt(sum(power(centred.influence - response_influences.influence, 2))) as difference_norm
    from centred
    inner join response_influences on centred.account_id = response_influences.account_id
    group by 1
),

measured as (
    select
        totals.learner_id,
        totals.n_users,
        totals.n_accounts,
        round(totals.qini, 9) as qini,
        round(spread.influence_norm / totals.n_users, 9) as qini_se,
        round(totals.qini - response_total.qini, 9) as gain_over_response_model,
        round(spread.difference_norm / totals.n_users, 9) as gain_over_response_model_se
    from totals
    inner join spread on totals.learner_id = spread.learner_id
    cross join response_total
),

final as (
    select
        measured.learner_id,
        measured.learner_id = learner.deciding_learner as is_deciding,
        n_users,
        n_accounts,
        qini,
        qini_se,
        round({{ safe_divide('qini', 'qini_se') }}, 6) as qini_z,
        gain_over_response_model,
        gain_over_response_model_se,
        round({{ safe_divide('gain_over_response_model', 'gain_over_response_model_se') }}, 6) as gain_over_response_model_z
    from measured
    cross join learner
)

select * from final
