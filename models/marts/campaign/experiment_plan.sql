with baselines as (
    select * from {{ ref('int_campaign__baselines') }}
),

parameters as (
    select
        *,
        {{ normal_quantile('(1 - significance_level / 2)') }} as width,
        {{ normal_quantile('power') }} as power_quantile
    from {{ ref('campaign_parameters') }}
),

-- Variation between accounts comes from the last campaign's conversions, at the policy's value per conversion.
revenue as (
    select
        experiment,
        'revenue_usd' as metric,
        count(*) filter (where arm = 'treatment') as n_treatment,
        count(*) filter (where arm = 'control') as n_control,
        avg(past_revenue_usd) as baseline_mean,
        stddev_samp(past_revenue_usd) as baseline_sd,
        nullif(corr(past_revenue_usd, past_actions_30d), 'nan') as covariate_correlation,
        avg(expected_revenue_usd) as expected_effect
    from baselines
    group by 1
),

-- An upper bound: an account's churn share varies at most as much as a single admin's.
admin_churn as (
    select
        revenue.experiment,
        'admin_churn_rate' as metric,
        revenue.n_treatment,
        revenue.n_control,
        parameters.assumed_admin_churn_rate as baseline_mean,
        sqrt(parameters.assumed_admin_churn_rate * (1 - parameters.assumed_admin_churn_rate)) as baseline_sd,
        cast(null as double) as covariate_correlation,
        cast(null as double) as expected_effect
    from revenue
    cross join parameters
),

metrics as (
    select * from revenue
    union all
    select * from admin_churn
),

planned as (
    select
        *,
        baseline_sd * sqrt(1 - power(coalesce(covariate_correlation, 0.0), 2))
        * sqrt({{ safe_divide('1.0', 'n_treatment') }} + {{ safe_divide('1.0', 'n_control') }}) as standard_error
    from metrics
),

powered as (
    select
        planned.*,
        parameters.width,
        parameters.power_quantile,
        {{ confidence_sequence_width('1', '1', 'parameters.significance_level') }} as sequential_width,
        abs(planned.expected_effect) / nullif(planned.standard_error, 0) as z
    from planned
    cross join parameters
),

final as (
    select
        experiment,
        metric,
        n_treatment,
        n_control,
        round(baseline_mean, 6) as baseline_mean,
        round(baseline_sd, 6) as baseline_sd,
        round(covariate_correlation, 6) + 0.0 as covariate_correlation, -- minus zero depends on the order of rows
        round(standard_error, 6) as standard_error,
        round((width + power_quantile) * standard_error, 6) as minimum_detectable_effect,
        round((sequential_width + power_quantile) * standard_error, 6) as sequential_minimum_detectable_effect,
        round(expected_effect, 6) as expected_effect,
        round({{ normal_cdf('(z - width)') }} + {{ normal_cdf('(-z - width)') }}, 6) as power_at_expected_effect
    from powered
)

select * from final
