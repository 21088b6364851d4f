with dependence as (
    select * from {{ ref('int_uplift__dependence') }}
),

user_tenths as (
    select * from {{ ref('int_uplift__feature_tenths') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

-- Tenth 0 holds everybody, with or without a known value.
members as (
    select
        dependence.momentum_tenth,
        dependence.intensity_tenth,
        dr_scores.account_id,
        dr_scores.dr_score
    from dr_scores
    inner join user_tenths on dr_scores.observation_id = user_tenths.observation_id
    inner join dependence
        on
            dependence.momentum_tenth in (0, user_tenths.momentum_tenth)
            and dependence.intensity_tenth in (0, user_tenths.intensity_tenth)
),

realised as (
    {{ clustered_means('members', 'dr_score', by=['momentum_tenth', 'intensity_tenth']) }}
),

final as (
    select
        dependence.momentum_tenth,
        dependence.intensity_tenth,
        dependence.momentum,
        dependence.intensity,
        round(dependence.lift, 9) as lift,
        round(dependence.lift_se, 9) as lift_se,
        coalesce(realised.n_rows, 0) as n_users,
        round(realised.mean, 9) as realised_lift,
        round(realised.standard_error, 9) as realised_lift_se
    from dependence
    left join realised
        on dependence.momentum_tenth = realised.momentum_tenth and dependence.intensity_tenth = realised.intensity_tenth
)

select * from final
