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

level as (
    {{ clustered_means('pairs', 'dr_score', beside=['lift']) }}
),

centred as (
    select
        pairs.account_id,
        pairs.lift - level.lift as lift,
        pairs.dr_score - level.mean as dr_score
    from pairs
    cross join level
),

line as (
    select
        {{ exact_sum('lift * lift') }} as spread,
        {{ safe_divide(exact_sum('lift * dr_score'), exact_sum('lift * lift')) }} as slope
    from centred
),

influences as (
    select
        centred.account_id,
        sum(centred.lift * (centred.dr_score - line.slope * centred.lift)) as influence
    from centred
    cross join line
    group by 1
),

slope_error as (
    select {{ clustered_error('influence') }} as norm
    from influences
),

measured as (
    select
        level.*,
        line.slope,
        {{ safe_divide('slope_error.norm', 'line.spread') }} as slope_se
    from level
    cross join line
    cross join slope_error
),

final as (
    select
        learner.deciding_learner as learner_id,
        measured.n_rows as n_users,
        measured.n_accounts,
        round(measured.lift, 9) as believed_level,
        round(measured.mean, 9) as realised_level,
        round(measured.standard_error, 9) as realised_level_se,
        {{ with_interval('slope', 'measured.slope', 'measured.slope_se', digits=6) }}
    from measured
    cross join learner
)

select * from final
