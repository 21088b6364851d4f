with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

leaderboard as (
    select * from {{ ref('int_evaluation__learner_leaderboard') }}
    where is_deciding
),

calibration as (
    select * from {{ ref('int_evaluation__calibration_line') }}
),

arm_overlap as (
    select * from {{ ref('overlap') }}
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

evidence as (
    select
        count(distinct account_id) as n_accounts,
        least(count(*) filter (where is_treated = 1), count(*) filter (where is_treated = 0)) as n_smaller_arm,
        count(distinct is_converted) as n_outcomes
    from inputs
    where population = 'campaign' and is_converted is not null and is_treated is not null
),

overlap as (
    select avg(cast(is_propensity_clipped as int)) as clipped_share
    from dr_scores
),

measured as (
    select 'VER-01' as verdict_id, cast(n_accounts as double) as value, cast(null as double) as margin from evidence
    union all
    select 'VER-02', cast(n_smaller_arm as double), null from evidence
    union all
    select 'VER-03', cast(n_outcomes as double), null from evidence
    union all
    select 'VER-04', round(clipped_share, 9), null from overlap
    union all
    select 'VER-05', qini_z, 1.959963985 from leaderboard
    union all
    select 'VER-06', gain_over_response_model_z, 1.959963985 from leaderboard
    union all
    select 'VER-07', slope, 1.959963985 * slope_se from calibration
    union all
    select 'VER-08', cast(round(min(effective_share), 6) as double), null from arm_overlap
    union all
    select 'VER-09', cast(round(max(abs(weighted_smd)), 6) as double), null from covariate_balance
    union all
    select 'VER-10', cast(round(abs(max(z)), 6) as double), 1.959963985 from sample_ratio
    union all
    select 'VER-11', cast(round(max(interval_robustness_value / nullif(benchmark_strength, 0)), 6) as double), null
    from sensitivity
    union all
    select 'VER-12', cast(round(sum(case when holds then 0 else 1 end), 6) as double), null from refutations
),

final as (
    select
        verdict_id,
        value,
        round(value - margin, 6) as value_lower,
        round(value + margin, 6) as value_upper
    from measured
)

select * from final
