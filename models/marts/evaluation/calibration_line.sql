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

means as (
    select
        count(*) as n_users,
        count(distinct account_id) as n_accounts,
        avg(lift) as mean_lift,
        avg(dr_score) as mean_score
    from pairs
),

centred as (
    select
        pairs.account_id,
        pairs.lift - means.mean_lift as lift,
        pairs.dr_score - means.mean_score as dr_score
    from pairs
    cross join means
),

line as (
    select
        sum(lift * lift) as spread,
        {{ safe_divide('sum(lift * dr_score)', 'sum(lift * lift)') }} as slope
    from centred
),

influences as (
    select
        centred.account_id,
        sum(centred.dr_score - line.slope * centred.lift) as level_influence,
        sum(centred.lift * (centred.dr_score - line.slope * centred.lift)) as slope_influence
    from centred
    cross join line
    group by 1
),

norms as (
    select
        sqrt(sum(level_influence * level_influence)) as level_norm,
        sqrt(sum(slope_influence * slope_influence)) as slope_norm
    from influences
),

measured as (
    select
        means.n_users,
        means.n_accounts,
        means.mean_score as realised_level,
        norms.level_norm / means.n_users as realised_level_se,
        means.mean_lift as believed_level,
        line.slope,
        {{ safe_divide('norms.slope_norm', 'line.spread') }} as slope_se
    from means
    cross join line
    cross join norms
),

final as (
    select
        learner.deciding_learner as learner_id,
        n_users,
        n_accounts,
        round(believed_level, 9) as believed_level,
        round(realised_level, 9) as realised_level,
        round(realised_level_se, 9) as realised_level_se,
        round(slope, 6) as slope,
        round(slope_se, 6) as slope_se,
        round(slope - 1.959963985 * slope_se, 6) as slope_lower,
        round(slope + 1.959963985 * slope_se, 6) as slope_upper
    from measured
    cross join learner
)

select * from final
