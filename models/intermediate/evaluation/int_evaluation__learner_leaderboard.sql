with ranked_users as (
    select * from {{ ref('int_evaluation__ranked_users') }}
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

stack_weights as (
    select
        learner_id,
        round({{ sum_int(billionths('stack_weight')) }} / 1e9 / count(*), 6) as stack_weight
    from {{ ref('int_uplift__scores') }}
    where population = 'campaign' and nullif(stack_weight, 'nan') is not null
    group by 1
),

by_account as (
    select
        learner_id,
        account_id,
        count(*) as n_users,
        {{ sum_int('dr_billionths') }} / 1e9 as dr_sum,
        {{ sum_int('qini_billionths') }} / 1e9 as qini_sum,
        {{ sum_int('qini_influence_billionths') }} / 1e9 as qini_influence,
        {{ sum_int('autoc_billionths') }} / 1e9 as autoc_sum,
        {{ sum_int('autoc_influence_billionths') }} / 1e9 as autoc_influence
    from ranked_users
    group by 1, 2
),

-- The AUUC is the Qini plus the area below the line of random nudging, half the average effect.
metrics as (
    select 'qini' as metric, learner_id, account_id, n_users, qini_sum as metric_sum, qini_influence as influence_sum
    from by_account
    union all
    select 'auuc', learner_id, account_id, n_users, qini_sum + dr_sum / 2, qini_influence + dr_sum / 2 from by_account
    union all
    select 'autoc', learner_id, account_id, n_users, autoc_sum, autoc_influence from by_account
),

centred as (
    select
        *,
        influence_sum - n_users * sum(influence_sum) over (partition by metric, learner_id)
        / sum(n_users) over (partition by metric, learner_id) as influence
    from metrics
),

measured as (
    select
        centred.metric,
        centred.learner_id,
        {{ sum_int('centred.n_users') }} as n_users,
        count(*) as n_accounts,
        round(sum(centred.metric_sum) / sum(centred.n_users), 9) as value,
        round({{ clustered_error('centred.influence') }} / sum(centred.n_users), 9) as value_se,
        round((sum(centred.metric_sum) - sum(response.metric_sum)) / sum(centred.n_users), 9) as gain_over_response_model,
        round({{ clustered_error('centred.influence - response.influence') }} / sum(centred.n_users), 9)
            as gain_over_response_model_se
    from centred
    inner join centred as response
        on
            centred.metric = response.metric
            and centred.account_id = response.account_id
            and response.learner_id = 'response_model'
    group by 1, 2
),

final as (
    select
        qini.learner_id,
        qini.learner_id = learner.deciding_learner as is_deciding,
        stack_weights.stack_weight,
        qini.n_users,
        qini.n_accounts,
        qini.value as qini,
        qini.value_se as qini_se,
        round({{ safe_divide('qini.value', 'qini.value_se') }}, 6) as qini_z,
        qini.gain_over_response_model,
        qini.gain_over_response_model_se,
        round({{ safe_divide(
            'qini.gain_over_response_model', 'qini.gain_over_response_model_se'
        ) }}, 6) as gain_over_response_model_z,
        auuc.value as auuc,
        auuc.value_se as auuc_se,
        autoc.value as autoc,
        autoc.value_se as autoc_se
    from measured as qini
    inner join measured as auuc on qini.learner_id = auuc.learner_id
    inner join measured as autoc on qini.learner_id = autoc.learner_id
    left join stack_weights on qini.learner_id = stack_weights.learner_id
    cross join learner
    where qini.metric = 'qini' and auuc.metric = 'auuc' and autoc.metric = 'autoc'
)

select * from final
