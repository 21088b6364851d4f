with dependence as (
    select * from {{ ref('int_uplift__dependence') }}
),

user_deciles as (
    select * from {{ ref('int_uplift__feature_deciles') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

-- Decile 0 holds everybody, with or without a known value.
members as (
    select
        dependence.momentum_decile,
        dependence.intensity_decile,
        dr_scores.account_id,
        dr_scores.dr_score
    from dr_scores
    inner join user_deciles on dr_scores.observation_id = user_deciles.observation_id
    inner join dependence
        on
            dependence.momentum_decile in (0, user_deciles.momentum_decile)
            and dependence.intensity_decile in (0, user_deciles.intensity_decile)
),

observed as (
    {{ clustered_means('members', 'dr_score', by=['momentum_decile', 'intensity_decile']) }}
),

final as (
    select
        dependence.momentum_decile,
        dependence.intensity_decile,
        dependence.momentum,
        dependence.intensity,
        round(dependence.lift, 9) as lift,
        round(dependence.lift_se, 9) as lift_se,
        coalesce(observed.n_rows, 0) as n_users,
        round(observed.mean, 9) as observed_lift,
        round(observed.standard_error, 9) as observed_lift_se
    from dependence
    left join observed
        on dependence.momentum_decile = observed.momentum_decile and dependence.intensity_decile = observed.intensity_decile
)

select * from final
