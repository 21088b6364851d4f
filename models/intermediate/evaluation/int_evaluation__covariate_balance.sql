{% set arms = {'treated': 'is_treated', 'control': 'not is_treated'} %}

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
        dr_scores.account_id,
        dr_scores.is_treated,
        {{ inverse_propensity_weight('dr_scores.is_treated', 'dr_scores.clipped_propensity') }} as weight
    from dr_scores
    inner join feature_values on dr_scores.observation_id = feature_values.observation_id
),

-- Missingness may differ between the arms too.
measures as (
    select
        weighted.feature,
        kinds.measure,
        weighted.account_id,
        weighted.is_treated = 1 as is_treated,
        weighted.weight,
        case
            when kinds.measure = 'value' then weighted.feature_value
            when weighted.feature_value is null then 1.0
            else 0.0
        end as measured
    from weighted
    cross join (values ('value'), ('is_missing')) as kinds (measure)
),

moments as (
    select
        feature,
        measure,
        {% for arm, is_in_arm in arms.items() %}
        avg(measured) filter (where {{ is_in_arm }}) as {{ arm }}_mean,
        var_samp(measured) filter (where {{ is_in_arm }}) as {{ arm }}_variance,
        sum(weight) filter (where {{ is_in_arm }} and measured is not null) as {{ arm }}_weight,
        sum(weight * measured) filter (where {{ is_in_arm }})
        / sum(weight) filter (where {{ is_in_arm }} and measured is not null) as weighted_{{ arm }}_mean,
        {% endfor %}
        measure = 'value' or max(measured) > 0 as has_something_to_measure
    from measures
    group by 1, 2
),

-- How far an account moves the weighted mean of each arm it has users in.
influences as (
    select
        measures.feature,
        measures.measure,
        {% for arm, is_in_arm in arms.items() %}
        sum(measures.weight * (measures.measured - moments.weighted_{{ arm }}_mean)) filter (where {{ is_in_arm }})
        / max(moments.{{ arm }}_weight) as on_{{ arm }},
        {% endfor %}
        measures.account_id
    from measures
    inner join moments on measures.feature = moments.feature and measures.measure = moments.measure
    where measures.measured is not null and moments.has_something_to_measure
    group by measures.feature, measures.measure, measures.account_id
),

-- A feature known in few accounts of an arm can't be judged.
errors as (
    select
        feature,
        measure,
        case
            when {{ has_enough_accounts('least(count(on_treated), count(on_control))') }}
                then {{ clustered_error('(coalesce(on_treated, 0) - coalesce(on_control, 0))') }}
        end as weighted_difference_se
    from influences
    group by 1, 2
),

compared as (
    select
        *,
        weighted_treated_mean - weighted_control_mean as weighted_difference,
        -- The same standard deviation before and after, so only the means can improve.
        sqrt((treated_variance + control_variance) / 2) as pooled_sd
    from moments
    where has_something_to_measure and treated_mean is not null and control_mean is not null
),

final as (
    select
        compared.feature,
        compared.measure,
        round(compared.treated_mean, 6) as treated_mean,
        round(compared.control_mean, 6) as control_mean,
        round({{ safe_divide('treated_mean - control_mean', 'pooled_sd') }}, 6) as raw_smd,
        round({{ safe_divide('weighted_difference', 'pooled_sd') }}, 6) as weighted_smd,
        round({{ safe_divide('weighted_difference_se', 'pooled_sd') }}, 6) as weighted_smd_se
    from compared
    left join errors on compared.feature = errors.feature and compared.measure = errors.measure
)

select * from final
