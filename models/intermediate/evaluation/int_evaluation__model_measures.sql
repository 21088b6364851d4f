with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

leaderboard as (
    select * from {{ ref('int_evaluation__learner_leaderboard') }}
    where is_deciding
),

diagnostics as (
    select * from {{ ref('int_evaluation__arm_diagnostics') }}
),

sensitivity as (
    select * from {{ ref('int_evaluation__sensitivity') }}
    where is_decisive
),

refutations as (
    select * from {{ ref('int_evaluation__refutations') }}
),

-- Revenue varies more than conversion, by the square root of this scale. Earlier activity is not measured in revenue.
outcome_scale as (
    select * from {{ ref('int_uplift__outcome_scale') }}
),

-- How much of treatment the features explain is the benchmark for what they may miss; if they explain almost nothing,
-- there is no benchmark. With declared probabilities nothing hidden decided treatment.
design as (
    select min(cast(is_assignment_declared as int)) = 1 as is_declared from dr_scores
),

robustness as (
    select
        max(sensitivity.assignment_r2) as assignment_r2,
        max(case
            when design.is_declared then 1
            when sensitivity.assignment_r2 >= checks.pass_limit then sensitivity.interval_robustness_value
        end) as robustness_value
    from sensitivity
    cross join design
    inner join {{ ref('checks') }} as checks on checks.check_id = 'assignment_explained'
),

-- The arm with the more unequal weights.
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
    select 'calibration_slope', slope, {{ margin('slope_se') }} from {{ ref('int_evaluation__calibration_line') }}
    union all
    select 'effective_share', min(effective_share), null from effective
    union all
    select 'weighted_smd', max({{ beyond_chance('weighted_smd', 'weighted_smd_se') }}), null
    from {{ ref('int_evaluation__covariate_balance') }}
    union all
    select 'sample_ratio_gap', max({{ beyond_chance('estimate', 'standard_error') }}), null
    from diagnostics where diagnostic_id = 'sample_ratio_difference'
    union all
    -- Where no probability is declared, none disagrees.
    select
        'declared_ratio_gap',
        case
            when count(*) = 0 then 0
            when {{ has_enough_accounts('max(n_accounts)') }} then max({{ beyond_chance('estimate', 'standard_error') }})
        end,
        null
    from diagnostics where diagnostic_id = 'declared_ratio_difference'
    union all
    select 'outcome_observed_gap', max(abs(estimate)), null
    from diagnostics where diagnostic_id = 'missing_outcome_difference'
    union all
    select 'campaign_gap', max({{ beyond_chance('estimate', 'standard_error') }}), null
    from {{ ref('int_evaluation__campaign_gaps') }}
    union all
    select 'spill_over_effect', max({{ beyond_chance('slope', 'slope_se') }} / sqrt(mean_square_per_mean)), null
    from {{ ref('int_evaluation__spill_over') }}
    cross join outcome_scale
    union all
    select 'assignment_explained', assignment_r2, null from robustness
    union all
    select 'robustness_value', robustness_value, null from robustness
    union all
    select
        'refutation_effect',
        max({{ beyond_chance('estimate', 'standard_error') }} / sqrt(case
            when refutation_id = 'negative_control_outcome' then 1 else mean_square_per_mean
        end)),
        null
    from refutations
    cross join outcome_scale
    where refutes = 'assumption'
    union all
    select 'failed_code_checks', sum(case when holds then 0 when not holds then 1 end), null
    from refutations
    where refutes = 'code'
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
