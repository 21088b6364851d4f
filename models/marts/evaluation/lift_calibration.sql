with ranked_users as (
    select ranked_users.*
    from {{ ref('int_evaluation__ranked_users') }} as ranked_users
    inner join {{ ref('learner_parameters') }} as learner on ranked_users.learner_id = learner.deciding_learner
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

users as (
    select
        ranked_users.account_id,
        ranked_users.decile,
        ranked_users.dr_score,
        scores.lift
    from ranked_users
    inner join scores on ranked_users.observation_id = scores.observation_id
),

deciles as (
    {{ clustered_means('users', 'dr_score', by=['decile'], beside=['lift']) }}
),

final as (
    select
        decile,
        n_rows as n_users,
        round(lift, 9) as predicted_lift,
        {{ with_interval('observed_lift', 'mean', 'standard_error', digits=9) }}
    from deciles
)

select * from final
