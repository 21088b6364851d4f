with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

leaderboard as (
    select * from {{ ref('int_evaluation__learner_leaderboard') }}
    where is_deciding
),

calibration as (
    select * from {{ ref('int_evaluation__calibration_line') }}
),

covariate_balance as (
    select * from {{ ref('int_evaluation__covariate_balance') }}
),

sample_ratio as (
    select * from {{ ref('int_evaluation__arm_diagnostics') }}
    where diagnostic_id = 'sample_ratio_difference'
),

sensitivity as (
    select * from {{ ref('int_evaluation__sensitivity') }}
    where user_group = 'helped'
),

refutations as (
    select * from {{ ref('int_evaluation__refutations') }}
),

-- The arm whose weights are the more unequal.
effective as (
    select {{ effective_n(inverse_propensity_weight('is_treated', 'clipped_propensity')) }} / count(*) as effective_share
    from dr_scores
    group by is_treated
),

measured as (
    select 'clipped_share' as check_id, avg(cast(is_propensity_clipped as int)) as value, cast(null as double) as margin
    from dr_scores
    union all
    select 'qini_z', qini_z, {{ margin('1') }} from leaderboard
    union all
    select 'gain_over_response_model_z', gain_over_response_model_z, {{ margin('1') }} from leaderboard
    union all
    select 'calibration_slope', slope, {{ margin('slope_se') }} from calibration
    union all
    select 'effective_share', min(effective_share), null from effective
    union all
    select 'weighted_smd', max(abs(weighted_smd)), null from covariate_balance
    union all
    select 'sample_ratio_z', abs(max(z)), {{ margin('1') }} from sample_ratio
    union all
    select 'relative_robustness', max(interval_robustness_value / nullif(benchmark_strength, 0)), null from sensitivity
    union all
    select 'failed_refutations', sum(case when holds then 0 else 1 end), null from refutations
),

final as (
    select
        check_id,
        round(value, 6) as value,
        round(value - margin, 6) as value_lower,
        round(value + margin, 6) as value_upper
    from measured
)

select * from final
