{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with feature_values as (
    select * from {{ ref('int_diagnostics__feature_values') }}
    where feature_value is not null
),

dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

truth as (
    select
        users.user_id,
        users.true_lift
    from {{ ref('int_audit__users') }} as users
    inner join {{ ref('policy_parameters') }} as policies on users.policy_id = policies.policy_id
    where policies.is_shipped
),

ranked as (
    select
        feature_values.feature,
        dr_scores.account_id,
        dr_scores.dr_score,
        truth.true_lift,
        rank() over (partition by feature_values.feature order by feature_values.feature_value) - 1 as n_below,
        count(*) over (partition by feature_values.feature) as n_known
    from feature_values
    inner join dr_scores on feature_values.user_id = dr_scores.user_id
    inner join truth on feature_values.user_id = truth.user_id
),

by_account as (
    select
        feature,
        1 + cast(floor(10 * n_below / n_known) as int) as tenth,
        account_id,
        count(*) as n_users,
        {{ sum_int('cast(round(dr_score * 1e9) as bigint)') }} as dr_billionths,
        {{ sum_int('cast(round(true_lift * 1e9) as bigint)') }} as true_billionths
    from ranked
    group by 1, 2, 3
),

totals as (
    select
        feature,
        tenth,
        {{ sum_int('n_users') }} as n_users,
        {{ sum_int('dr_billionths') }} / 1e9 / sum(n_users) as effect,
        {{ sum_int('true_billionths') }} / 1e9 / sum(n_users) as true_effect
    from by_account
    group by 1, 2
),

final as (
    select
        totals.feature,
        totals.tenth,
        totals.n_users,
        round(totals.effect, 9) as effect,
        round(
            sqrt(sum(power(by_account.dr_billionths / 1e9 - by_account.n_users * totals.effect, 2))) / max(totals.n_users), 9
        ) as effect_se,
        round(totals.true_effect, 9) as true_effect
    from totals
    inner join by_account on totals.feature = by_account.feature and totals.tenth = by_account.tenth
    group by totals.feature, totals.tenth, totals.n_users, totals.effect, totals.true_effect
)

select * from final
