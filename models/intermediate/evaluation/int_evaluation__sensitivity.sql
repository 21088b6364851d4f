with dr_scores as (
    select
        *,
        power(is_converted - case when is_treated = 1 then p_treated else p_control end, 2) as squared_residual,
        power({{ inverse_propensity_weight('is_treated', 'clipped_propensity') }}, 2) as squared_weight
    from {{ ref('int_uplift__doubly_robust_scores') }}
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

effects as (
    {{ clustered_means('members', 'dr_score', by=['user_group'], beside=['squared_residual', 'squared_weight']) }}
),

-- Of a single account, whose error is unknown, the interval holds zero.
bounds as (
    select
        *,
        sqrt(squared_residual * squared_weight) as spread,
        coalesce(greatest(0, abs(mean) - {{ margin('standard_error') }}), 0) as smallest_effect
    from effects
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
        bounds.n_rows as n_users,
        round(bounds.mean, 6) as effect,
        round(bounds.standard_error, 6) as effect_se,
        round({{ robustness_value('bounds.mean', 'bounds.spread') }}, 6) as robustness_value,
        round({{ robustness_value('bounds.smallest_effect', 'bounds.spread') }}, 6) as interval_robustness_value,
        strongest.feature as benchmark_feature,
        strongest.strength as benchmark_strength
    from bounds
    left join strongest on bounds.user_group = strongest.user_group and strongest.strength_rank = 1
)

select * from final
