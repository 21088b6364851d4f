with thresholds as (
    select * from {{ ref('sleeping_dog_thresholds') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

below as (
    select
        thresholds.sleeping_dog_lift_threshold,
        dr_scores.account_id,
        dr_scores.dr_score
    from dr_scores
    inner join scores on dr_scores.observation_id = scores.observation_id
    inner join thresholds on scores.lift < thresholds.sleeping_dog_lift_threshold
),

estimates as (
    {{ clustered_means('below', 'dr_score', by=['sleeping_dog_lift_threshold']) }}
),

final as (
    select
        sleeping_dog_lift_threshold,
        n_rows as n_users,
        n_accounts,
        round(mean, 9) as mean_lift,
        round(standard_error, 9) as mean_lift_se,
        case when {{ has_enough_accounts('n_accounts') }} then round({{ safe_divide('mean', 'standard_error') }}, 6) end as z
    from estimates
)

select * from final
