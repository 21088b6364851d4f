with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

leaderboard as (
    select * from {{ ref('learner_leaderboard') }}
    where learner_id = 't_learner'
),

calibration as (
    select * from {{ ref('calibration_line') }}
),

evidence as (
    select
        count(distinct account_id) as n_accounts,
        least(count(*) filter (where is_treated = 1), count(*) filter (where is_treated = 0)) as n_smaller_arm,
        count(distinct is_converted) as n_outcomes
    from inputs
    where is_converted is not null and is_treated is not null
),

overlap as (
    select avg(cast(is_propensity_clipped as int)) as clipped_share
    from dr_scores
),

final as (
    select 'VER-01' as verdict_id, cast(n_accounts as double) as value from evidence
    union all
    select 'VER-02', cast(n_smaller_arm as double) from evidence
    union all
    select 'VER-03', cast(n_outcomes as double) from evidence
    union all
    select 'VER-04', round(clipped_share, 9) from overlap
    union all
    select 'VER-05', qini_z from leaderboard
    union all
    select 'VER-06', gain_over_response_model_z from leaderboard
    union all
    select 'VER-07', slope from calibration
)

select * from final
