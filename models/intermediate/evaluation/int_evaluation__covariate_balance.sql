with feature_values as (
    select * from {{ ref('int_uplift__feature_values') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

weighted as (
    select
        feature_values.feature,
        feature_values.feature_value,
        dr_scores.is_treated,
        {{ inverse_propensity_weight('dr_scores.is_treated', 'dr_scores.clipped_propensity') }} as weight
    from dr_scores
    inner join feature_values on dr_scores.observation_id = feature_values.observation_id
),

features_with_gaps as (
    select distinct feature from weighted where feature_value is null
),

-- Who lacks a value may differ between the arms too.
measures as (
    select
        feature,
        'value' as measure,
        is_treated,
        weight,
        feature_value as measured
    from weighted
    where feature_value is not null
    union all
    select
        weighted.feature,
        'is_missing',
        weighted.is_treated,
        weighted.weight,
        case when weighted.feature_value is null then 1.0 else 0.0 end
    from weighted
    inner join features_with_gaps on weighted.feature = features_with_gaps.feature
),

moments as (
    select
        feature,
        measure,
        is_treated,
        avg(measured) as arm_mean,
        var_samp(measured) as arm_variance,
        sum(weight * measured) / sum(weight) as weighted_mean
    from measures
    group by 1, 2, 3
),

compared as (
    select
        treated.feature,
        treated.measure,
        treated.arm_mean as treated_mean,
        control.arm_mean as control_mean,
        treated.weighted_mean - control.weighted_mean as weighted_difference,
        -- The same yardstick before and after, so that only the means can improve.
        sqrt((treated.arm_variance + control.arm_variance) / 2) as pooled_sd
    from moments as treated
    inner join moments as control on treated.feature = control.feature and treated.measure = control.measure
    where treated.is_treated = 1 and control.is_treated = 0
),

final as (
    select
        feature,
        measure,
        round(treated_mean, 6) as treated_mean,
        round(control_mean, 6) as control_mean,
        round({{ safe_divide('treated_mean - control_mean', 'pooled_sd') }}, 6) as raw_smd,
        round({{ safe_divide('weighted_difference', 'pooled_sd') }}, 6) as weighted_smd
    from compared
)

select * from final
