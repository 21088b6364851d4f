{{ config(materialized='ephemeral') }}

with feature_values as (
    select * from {{ ref('int_uplift__feature_values') }}
    where feature_value is not null
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

truth as (
    select
        users.observation_id,
        users.true_lift
    from {{ ref('int_audit__users') }} as users
    inner join {{ ref('policy_parameters') }} as policies on users.policy_id = policies.policy_id
    where users.population = 'campaign' and policies.is_shipped
),

measured as (
    select
        dr_scores.observation_id,
        dr_scores.account_id,
        {{ billionths('dr_scores.dr_score') }} as dr_billionths,
        {{ billionths('truth.true_lift') }} as true_billionths
    from dr_scores
    inner join truth on dr_scores.observation_id = truth.observation_id
),

-- A feature has few values beside its users: only these are ordered.
feature_counts as (
    select
        feature_values.feature,
        feature_values.feature_value,
        count(*) as n_users
    from feature_values
    inner join measured on feature_values.observation_id = measured.observation_id
    group by 1, 2
),

feature_tenths as (
    select
        feature,
        feature_value,
        1 + cast(floor(
            10 * (sum(n_users) over (partition by feature order by feature_value) - n_users)
            / sum(n_users) over (partition by feature)
        ) as int) as tenth
    from feature_counts
),

by_account as (
    select
        feature_values.feature,
        feature_tenths.tenth,
        measured.account_id,
        count(*) as n_users,
        {{ sum_int('measured.dr_billionths') }} as dr_billionths,
        {{ sum_int('measured.true_billionths') }} as true_billionths
    from feature_values
    inner join measured on feature_values.observation_id = measured.observation_id
    inner join feature_tenths
        on feature_values.feature = feature_tenths.feature and feature_values.feature_value = feature_tenths.feature_value
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
