with users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'campaign'
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

final as (
    select
        users.campaign_id,
        users.policy_id,
        users.account_id,
        count(*) as n_users,
        {{ exact_sum('dr_scores.dr_score', filter='users.is_nudged_in_target') }} as observed,
        {{ exact_sum('users.lift', filter='users.is_nudged_in_target') }} as predicted,
        {{ exact_sum('dr_scores.dr_score') }} as observed_of_everybody,
        {{ exact_sum('users.lift') }} as predicted_of_everybody
    from dr_scores
    inner join users on dr_scores.observation_id = users.observation_id
    group by 1, 2, 3
)

select * from final
