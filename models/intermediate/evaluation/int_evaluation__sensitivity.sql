with dr_scores as (
    select
        *,
        power(outcome - case when is_treated = 1 then p_treated else p_control end, 2) as squared_residual,
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

-- A single account has no standard error, so its interval includes zero.
bounds as (
    select
        *,
        sqrt(squared_residual * squared_weight) as spread,
        coalesce(greatest(0, abs(mean) - {{ margin('standard_error') }}), 0) as smallest_effect
    from effects
),

-- A list of users to nudge rests on the effect on the helped; an empty one, where a nudge is known to harm, on that on everybody.
decisive as (
    select
        case
            when count(*) filter (where user_group = 'helped') = 0 then 'everybody'
            when max(case when mean < 0 then smallest_effect else 0 end) filter (where user_group = 'everybody') = 0 then 'helped'
            when max(case when mean > 0 then smallest_effect else 0 end) filter (where user_group = 'helped') > 0 then 'helped'
            else 'everybody'
        end as user_group
    from bounds
),

-- Over everybody, since treatment was decided before anybody's lift was known.
strengths as (
    select
        feature_values.feature,
        round(abs(
            nullif(corr(feature_values.feature_value, dr_scores.is_treated), 'nan')
            * nullif(corr(feature_values.feature_value, dr_scores.outcome), 'nan')
        ), 6) as strength
    from dr_scores
    inner join feature_values on dr_scores.observation_id = feature_values.observation_id
    group by 1
),

strongest as (
    select
        *,
        row_number() over (order by strength desc, feature asc) as strength_rank
    from strengths
    where strength is not null
),

-- Out of bag, so overfitting explains nothing; within campaigns, since a campaign's share treated is not caused by a feature.
assigned as (
    select
        propensity - avg(propensity) over (partition by campaign_id) as propensity,
        is_treated - avg(is_treated) over (partition by campaign_id) as is_treated
    from dr_scores
    where not is_assignment_declared
),

assignment as (
    select nullif(corr(propensity, is_treated), 'nan') as correlation
    from assigned
),

final as (
    select
        bounds.user_group,
        bounds.n_rows as n_users,
        round(bounds.mean, 6) as effect,
        round(bounds.standard_error, 6) as effect_se,
        round({{ robustness_value('bounds.mean', 'bounds.spread') }}, 6) as robustness_value,
        round({{ robustness_value('bounds.smallest_effect', 'bounds.spread') }}, 6) as interval_robustness_value,
        bounds.user_group = decisive.user_group as is_decisive,
        strongest.feature as benchmark_feature,
        strongest.strength as benchmark_strength,
        -- A share estimated without the user's account may correlate below zero, which explains nothing.
        round(power((assignment.correlation + abs(assignment.correlation)) / 2, 2), 6) as assignment_r2
    from bounds
    cross join decisive
    cross join assignment
    left join strongest on strongest.strength_rank = 1
)

select * from final
