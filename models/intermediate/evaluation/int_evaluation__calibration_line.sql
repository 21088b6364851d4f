with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

pairs as (
    select
        dr_scores.account_id,
        scores.lift,
        dr_scores.dr_score
    from dr_scores
    inner join scores on dr_scores.observation_id = scores.observation_id
),

measured as (
    {{ clustered_line('pairs', y='dr_score', x='lift') }}
),

final as (
    select
        learner.deciding_learner as learner_id,
        measured.n_rows as n_users,
        measured.n_accounts,
        round(measured.mean_x, 9) as predicted_level,
        round(measured.mean_y, 9) as observed_level,
        round(measured.mean_y_se, 9) as observed_level_se,
        {{ with_interval('slope', 'measured.slope', 'measured.slope_se', digits=6) }}
    from measured
    cross join learner
)

select * from final
