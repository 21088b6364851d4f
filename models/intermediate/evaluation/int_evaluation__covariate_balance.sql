{% set arms = {'treated': 'is_treated', 'control': 'not is_treated'} %}

with weighted as (
    select
        feature_values.feature,
        feature_values.feature_value,
        dr_scores.account_id,
        dr_scores.is_treated = 1 as is_treated,
        {{ inverse_propensity_weight('dr_scores.is_treated', 'dr_scores.clipped_propensity') }} as weight
    from {{ ref('int_uplift__doubly_robust_scores') }} as dr_scores
    inner join {{ ref('int_uplift__feature_values') }} as feature_values
        on dr_scores.observation_id = feature_values.observation_id
),

-- Missingness may differ between the arms too.
measures as (
    select
        weighted.*,
        kinds.measure,
        case
            when kinds.measure = 'value' then weighted.feature_value
            when weighted.feature_value is null then 1.0
            else 0.0
        end as measured
    from weighted
    cross join (values ('value'), ('is_missing')) as kinds (measure)
),

-- All that follows needs only the sums of an account's users in an arm. As doubles: squares of a company's own features may be
-- too large for whole billionths.
sums as (
    select
        feature,
        measure,
        account_id,
        is_treated,
        count(*) as n,
        sum(weight) as weight,
        sum(measured) as total,
        sum(measured * measured) as squares,
        sum(weight * measured) as weighted_total
    from measures
    where measured is not null
    group by 1, 2, 3, 4
),

moments as (
    select
        feature,
        measure,
        {% for arm, is_in_arm in arms.items() %}
        sum(total) filter (where {{ is_in_arm }}) / sum(n) filter (where {{ is_in_arm }}) as {{ arm }}_mean,
        (
            sum(squares) filter (where {{ is_in_arm }})
            - pow(sum(total) filter (where {{ is_in_arm }}), 2) / sum(n) filter (where {{ is_in_arm }})
        ) / nullif(sum(n) filter (where {{ is_in_arm }}) - 1, 0) as {{ arm }}_variance,
        sum(weight) filter (where {{ is_in_arm }}) as {{ arm }}_weight,
        sum(weighted_total) filter (where {{ is_in_arm }})
        / sum(weight) filter (where {{ is_in_arm }}) as weighted_{{ arm }}_mean,
        {% endfor %}
        measure = 'value' or sum(total) > 0 as has_something_to_measure
    from sums
    group by 1, 2
),

-- How far an account moves the weighted mean of each arm it has users in.
influences as (
    select
        sums.feature,
        sums.measure,
        {% for arm, is_in_arm in arms.items() %}
        max(
            (sums.weighted_total - moments.weighted_{{ arm }}_mean * sums.weight) / moments.{{ arm }}_weight
        ) filter (where {{ is_in_arm }}) as on_{{ arm }},
        {% endfor %}
        sums.account_id
    from sums
    inner join moments on sums.feature = moments.feature and sums.measure = moments.measure
    where moments.has_something_to_measure
    group by sums.feature, sums.measure, sums.account_id
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
