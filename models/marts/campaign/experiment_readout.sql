with moments as (
    select * from {{ ref('int_campaign__look_moments') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

planned as (
    select
        experiment,
        count(*) as n_planned,
        avg(treatment_probability) as treatment_share
    from {{ ref('int_campaign__assignments') }}
    where arm is not null
    group by 1
),

forecasts as (
    select
        experiment,
        avg(expected_revenue_usd) as expected_effect
    from {{ ref('int_campaign__baselines') }}
    group by 1
),

arms as (
    select
        treatment.experiment,
        treatment.metric,
        treatment.look_date,
        treatment.n as n_treatment,
        control.n as n_control,
        -- The confidence sequence is valid for means that are nearly normal.
        least(treatment.n, control.n) >= 30 as has_enough_accounts,
        treatment.mean as mean_treatment,
        control.mean as mean_control,
        treatment.mean - control.mean as unadjusted_effect,
        -- Rounding can make a variance of nothing negative.
        nullif(sqrt(treatment.variance / treatment.n + control.variance / control.n), 'nan') as unadjusted_standard_error,
        treatment.adjusted_mean - control.adjusted_mean as effect,
        nullif(nullif(sqrt(treatment.adjusted_variance / treatment.n + control.adjusted_variance / control.n), 0), 'nan')
            as standard_error
    from moments as treatment
    inner join moments as control using (experiment, metric, look_date)
    where treatment.arm = 'treatment' and control.arm = 'control'
),

judged as (
    select
        arms.*,
        case when arms.metric = 'revenue_usd' then forecasts.expected_effect end as expected_effect,
        parameters.sample_ratio_alarm,
        {{ normal_quantile('(1 - parameters.significance_level / 2)') }} as width,
        case
            when arms.has_enough_accounts
                then {{ confidence_sequence_width(
                    'arms.n_treatment + arms.n_control', 'planned.n_planned', 'parameters.significance_level'
                ) }}
        end as sequential_width,
        planned.treatment_share
    from arms
    inner join planned on arms.experiment = planned.experiment
    left join forecasts on arms.experiment = forecasts.experiment
    cross join parameters
),

tested as (
    select
        *,
        effect / standard_error as z,
        (n_treatment - (n_treatment + n_control) * treatment_share)
        / nullif(sqrt((n_treatment + n_control) * treatment_share * (1 - treatment_share)), 0) as sample_ratio_z
    from judged
),

final as (
    select
        experiment,
        metric,
        look_date,
        look_date = max(look_date) over (partition by experiment, metric) as is_latest,
        n_treatment,
        n_control,
        round(mean_treatment, 6) as mean_treatment,
        round(mean_control, 6) as mean_control,
        round(unadjusted_effect, 6) as unadjusted_effect,
        round(unadjusted_standard_error, 6) as unadjusted_standard_error,
        round(effect, 6) as effect,
        round(standard_error, 6) as standard_error,
        round(effect - width * standard_error, 6) as effect_lower,
        round(effect + width * standard_error, 6) as effect_upper,
        round(2 * (1 - {{ normal_cdf('abs(z)') }}), 6) as p_value,
        has_enough_accounts,
        round(effect - sequential_width * standard_error, 6) as sequential_lower,
        round(effect + sequential_width * standard_error, 6) as sequential_upper,
        coalesce(abs(z) > sequential_width, false) as is_conclusive,
        round(effect * n_treatment, 6) as total_effect,
        round((effect - sequential_width * standard_error) * n_treatment, 6) as total_effect_lower,
        round((effect + sequential_width * standard_error) * n_treatment, 6) as total_effect_upper,
        round(expected_effect, 6) as expected_effect,
        round(2 * (1 - {{ normal_cdf('abs(sample_ratio_z)') }}), 6) as sample_ratio_p_value,
        2 * (1 - {{ normal_cdf('abs(sample_ratio_z)') }}) < sample_ratio_alarm as has_sample_ratio_mismatch
    from tested
)

select * from final
