with thresholds as (
    select * from {{ ref('sleeping_dog_thresholds') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

folds as (
    select distinct fold as left_out_fold
    from dr_scores
),

below as (
    select
        thresholds.sleeping_dog_lift_threshold,
        dr_scores.fold,
        dr_scores.account_id,
        count(*) as n_users,
        {{ sum_int('cast(round(dr_scores.dr_score * 1e9) as bigint)') }} as dr_billionths
    from dr_scores
    inner join scores on dr_scores.user_id = scores.user_id
    inner join thresholds on scores.lift < thresholds.sleeping_dog_lift_threshold
    group by 1, 2, 3
),

totals as (
    select
        folds.left_out_fold,
        below.sleeping_dog_lift_threshold,
        {{ sum_int('below.n_users') }} as n_users,
        {{ sum_int('below.dr_billionths') }} / 1e9 / sum(below.n_users) as mean_lift
    from below
    inner join folds on below.fold <> folds.left_out_fold
    group by 1, 2
),

errors as (
    select
        totals.left_out_fold,
        totals.sleeping_dog_lift_threshold,
        sqrt(sum(power(below.dr_billionths / 1e9 - below.n_users * totals.mean_lift, 2))) / max(totals.n_users) as mean_lift_se
    from totals
    inner join below
        on
            totals.sleeping_dog_lift_threshold = below.sleeping_dog_lift_threshold
            and totals.left_out_fold <> below.fold
    group by 1, 2
),

final as (
    select
        totals.left_out_fold,
        totals.sleeping_dog_lift_threshold,
        totals.n_users,
        round(totals.mean_lift, 9) as mean_lift,
        round(errors.mean_lift_se, 9) as mean_lift_se,
        round({{ safe_divide('totals.mean_lift', 'errors.mean_lift_se') }}, 6) as z
    from totals
    inner join errors
        on
            totals.left_out_fold = errors.left_out_fold
            and totals.sleeping_dog_lift_threshold = errors.sleeping_dog_lift_threshold
)

select * from final
