with ranked_users as (
    select ranked_users.*
    from {{ ref('int_evaluation__ranked_users') }} as ranked_users
    inner join {{ ref('learner_parameters') }} as learner on ranked_users.learner_id = learner.deciding_learner
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

-- Integers, so that a mean halfway between two rounded values falls to the same side however the rows are added.
by_account as (
    select
        ranked_users.account_id,
        ranked_users.tenth,
        count(*) as n_users,
        {{ sum_int('cast(round(scores.lift * 1e9) as bigint)') }} as believed_billionths,
        {{ sum_int('ranked_users.dr_billionths') }} as realised_billionths
    from ranked_users
    inner join scores on ranked_users.observation_id = scores.observation_id
    group by 1, 2
),

totals as (
    select
        tenth,
        {{ sum_int('n_users') }} as n_users,
        {{ sum_int('believed_billionths') }} / 1e9 / sum(n_users) as believed_lift,
        {{ sum_int('realised_billionths') }} / 1e9 / sum(n_users) as realised_lift
    from by_account
    group by 1
),

spread as (
    select
        totals.tenth,
        sqrt(sum(power(by_account.realised_billionths / 1e9 - by_account.n_users * totals.realised_lift, 2))) as norm
    from totals
    inner join by_account on totals.tenth = by_account.tenth
    group by 1
),

final as (
    select
        totals.tenth,
        totals.n_users,
        round(totals.believed_lift, 9) as believed_lift,
        round(totals.realised_lift, 9) as realised_lift,
        round(spread.norm / totals.n_users, 9) as realised_lift_se,
        round(totals.realised_lift - 1.959963985 * spread.norm / totals.n_users, 9) as realised_lift_lower,
        round(totals.realised_lift + 1.959963985 * spread.norm / totals.n_users, 9) as realised_lift_upper
    from totals
    inner join spread on totals.tenth = spread.tenth
)

select * from final
