with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

feature_values as (
    select * from {{ ref('int_uplift__feature_values') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign' and lift > 0
),

members as (
    select 'everybody' as user_group, dr_scores.* from dr_scores
    union all
    select 'helped', dr_scores.*
    from dr_scores
    inner join scores on dr_scores.observation_id = scores.observation_id
),

by_account as (
    select
        user_group,
        account_id,
        count(*) as n_users,
        round(sum(dr_score), 9) as dr_sum,
        sum(power(is_converted - case when is_treated = 1 then p_treated else p_control end, 2)) as residual_squares,
        sum(power(case when is_treated = 1 then clipped_propensity else 1 - clipped_propensity end, -2)) as weight_squares
    from members
    group by 1, 2
),

totals as (
    select
        user_group,
        {{ sum_int('n_users') }} as n_users,
        sum(dr_sum) / sum(n_users) as effect,
        sqrt(sum(residual_squares) * sum(weight_squares)) / sum(n_users) as spread
    from by_account
    group by 1
),

errors as (
    select
        totals.user_group,
        sqrt(sum(power(by_account.dr_sum - by_account.n_users * totals.effect, 2))) / max(totals.n_users) as effect_se
    from by_account
    inner join totals on by_account.user_group = totals.user_group
    group by 1
),

bounds as (
    select
        totals.*,
        errors.effect_se,
        greatest(0, abs(totals.effect) - 1.959963985 * errors.effect_se) as smallest_effect
    from totals
    inner join errors on totals.user_group = errors.user_group
),

strengths as (
    select
        members.user_group,
        feature_values.feature,
        round(abs(
            nullif(corr(feature_values.feature_value, members.is_treated), 'nan')
            * nullif(corr(feature_values.feature_value, members.is_converted), 'nan')
        ), 6) as strength
    from members
    inner join feature_values on members.observation_id = feature_values.observation_id
    group by 1, 2
),

strongest as (
    select
        *,
        row_number() over (partition by user_group order by strength desc, feature asc) as strength_rank
    from strengths
    where strength is not null
),

final as (
    select
        bounds.user_group,
        bounds.n_users,
        round(bounds.effect, 6) as effect,
        round(bounds.effect_se, 6) as effect_se,
        round({{ robustness_value('bounds.effect', 'bounds.spread') }}, 6) as robustness_value,
        round({{ robustness_value('bounds.smallest_effect', 'bounds.spread') }}, 6) as interval_robustness_value,
        strongest.feature as benchmark_feature,
        strongest.strength as benchmark_strength
    from bounds
    left join strongest on bounds.user_group = strongest.user_group and strongest.strength_rank = 1
)

select * from final
