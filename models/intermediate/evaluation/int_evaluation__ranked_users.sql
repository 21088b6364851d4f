with dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

scores as (
    select * from {{ ref('int_uplift__scores') }}
),

learner_scores as (
    select user_id, 't_learner' as learner_id, round(t_lift, 9) as score from scores
    union all
    select user_id, 'x_learner', round(x_lift, 9) from scores
    union all
    select user_id, 'dr_learner', round(dr_lift, 9) from scores
    union all
    select user_id, 'response_model', round(p_control + propensity * (p_treated - p_control), 9) from scores
    union all
    select user_id, 'constant_effect', 0.0 from scores
),

-- Billionths, so that no sum depends on the order of addition.
paired as (
    select
        learner_scores.learner_id,
        dr_scores.user_id,
        dr_scores.account_id,
        learner_scores.score,
        dr_scores.dr_score,
        cast(round(dr_scores.dr_score * 1e9) as bigint) as dr_billionths
    from dr_scores
    inner join learner_scores on dr_scores.user_id = learner_scores.user_id
),

-- Users with the same score share their mean rank, so that a ranking without differences is worth exactly nothing.
placed as (
    select
        *,
        count(*) over (partition by learner_id) as n_users,
        cast(rank() over (partition by learner_id order by score desc) - 1 as double)
        + cast(count(*) over (partition by learner_id, score) as double) / 2 as n_ranked_above,
        cast(sum(dr_billionths) over (partition by learner_id) as double)
        - cast(sum(dr_billionths) over (partition by learner_id order by score desc) as double)
        + cast(sum(dr_billionths) over (partition by learner_id, score) as double) / 2 as below_billionths
    from paired
),

-- The influence of a user on the Qini: its own term, and that its presence moves the ranks of all below it.
final as (
    select
        learner_id,
        user_id,
        account_id,
        score,
        dr_score,
        dr_billionths,
        n_ranked_above / n_users as rank_share,
        least(10, 1 + cast(floor(10 * n_ranked_above / n_users) as int)) as tenth,
        cast(round(1e9 * dr_score * (0.5 - n_ranked_above / n_users)) as bigint) as qini_billionths,
        cast(
            round(1e9 * dr_score * (0.5 - n_ranked_above / n_users) - below_billionths / n_users) as bigint
        ) as influence_billionths
    from placed
)

select * from final
