with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

scores as (
    select * from {{ ref('int_uplift__scores') }}
    where population = 'campaign' and learner_id <> 'raw_trees'
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

learner_scores as (
    select
        observation_id,
        learner_id,
        round(lift, 9) as score
    from scores
    union all
    -- The nuisances are the same for every learner.
    select
        scores.observation_id,
        'response_model' as learner_id,
        round(scores.p_control + scores.propensity * (scores.p_treated - scores.p_control), 9) as score
    from scores
    inner join learner on scores.learner_id = learner.deciding_learner
    union all
    select
        observation_id,
        'constant_effect' as learner_id,
        0.0 as score
    from dr_scores
),

-- Integers, so sums don't depend on the order of addition.
paired as (
    select
        learner_scores.learner_id,
        dr_scores.observation_id,
        dr_scores.account_id,
        learner_scores.score,
        dr_scores.dr_score,
        {{ billionths('dr_scores.dr_score') }} as dr_billionths
    from dr_scores
    inner join learner_scores on dr_scores.observation_id = learner_scores.observation_id
),

-- Ties share their mean rank, so a constant ranking is worth exactly nothing. Window peers find them without a second grouping.
placed as (
    select
        *,
        count(*) over (partition by learner_id) as n_users,
        cast(rank() over (partition by learner_id order by score desc) - 1 as double) as n_above,
        cast(count(*) over equals as double) as n_equal
    from paired
    window equals as (partition by learner_id order by score desc range between current row and current row)
),

-- The AUTOC's weight, -ln(share) - 1, averaged over the ranks of a tie.
weighed as (
    select
        *,
        (n_above + n_equal / 2) / n_users as rank_share,
        -(
            (n_above + n_equal) / n_users * ln((n_above + n_equal) / n_users)
            - case when n_above = 0 then 0.0 else n_above / n_users * ln(n_above / n_users) end
        ) * n_users / n_equal as autoc_weight,
        {{ billionths('dr_score / ((n_above + n_equal / 2) / n_users)') }} as dr_over_share_billionths
    from placed
),

below as (
    select
        *,
        cast(sum(dr_billionths) over (partition by learner_id) as double)
        - cast(sum(dr_billionths) over (partition by learner_id order by score desc) as double)
        + cast(sum(dr_billionths) over equals as double) / 2 as below_billionths,
        cast(sum(dr_over_share_billionths) over (partition by learner_id) as double)
        - cast(sum(dr_over_share_billionths) over (partition by learner_id order by score desc) as double)
        + cast(sum(dr_over_share_billionths) over equals as double) / 2 as below_over_share_billionths
    from weighed
    window equals as (partition by learner_id order by score desc range between current row and current row)
),

-- A user's influence on a metric: the user's own term, plus the effect on the ranks of everybody below.
final as (
    select
        learner_id,
        observation_id,
        account_id,
        score,
        dr_score,
        dr_billionths,
        rank_share,
        least(10, 1 + cast(floor(10 * rank_share) as int)) as decile,
        {{ billionths('dr_score * (0.5 - rank_share)') }} as qini_billionths,
        {{ billionths('dr_score * (0.5 - rank_share) - below_billionths / 1e9 / n_users') }} as qini_influence_billionths,
        {{ billionths('dr_score * autoc_weight') }} as autoc_billionths,
        {{ billionths('dr_score * autoc_weight - below_over_share_billionths / 1e9 / n_users') }} as autoc_influence_billionths
    from below
)

select * from final
