with features as (
    select * from {{ ref('int_features__user_features') }}
    where purpose = 'retrospective' and momentum is not null and intensity is not null
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
    where lift is not null
),

dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

ranked as (
    select
        scores.user_id,
        scores.account_id,
        scores.lift,
        dr_scores.dr_score,
        features.momentum,
        features.intensity,
        ntile(10) over (order by features.momentum, scores.user_id) as momentum_tenth,
        ntile(10) over (order by features.intensity, scores.user_id) as intensity_tenth
    from scores
    inner join features on scores.user_id = features.user_id
    left join dr_scores on scores.user_id = dr_scores.user_id
),

-- Four fifths and two tenths, since what drives users away happens among the most active tenth.
banded as (
    select
        *,
        cast(case when momentum_tenth > 8 then momentum_tenth - 4 else ceil(momentum_tenth / 2.0) end as int) as momentum_band,
        cast(case when intensity_tenth > 8 then intensity_tenth - 4 else ceil(intensity_tenth / 2.0) end as int) as intensity_band
    from ranked
),

edges as (
    select
        *,
        min(momentum) over (partition by momentum_band) as momentum_from,
        max(momentum) over (partition by momentum_band) as momentum_to,
        min(intensity) over (partition by intensity_band) as intensity_from,
        max(intensity) over (partition by intensity_band) as intensity_to
    from banded
),

by_account as (
    select
        momentum_band,
        intensity_band,
        account_id,
        min(momentum_from) as momentum_from,
        min(momentum_to) as momentum_to,
        min(intensity_from) as intensity_from,
        min(intensity_to) as intensity_to,
        count(*) as n_users,
        count(dr_score) as n_observed_users,
        {{ sum_int('cast(round(lift * 1e9) as bigint)') }} as believed_billionths,
        coalesce({{ sum_int('cast(round(dr_score * 1e9) as bigint)') }}, 0) as realised_billionths
    from edges
    group by 1, 2, 3
),

totals as (
    select
        *,
        {{ safe_divide(
            'sum(realised_billionths) over (partition by momentum_band, intensity_band) / 1e9',
            'sum(n_observed_users) over (partition by momentum_band, intensity_band)'
        ) }} as realised_lift
    from by_account
),

final as (
    select
        momentum_band,
        intensity_band,
        round(min(momentum_from), 6) as momentum_from,
        round(min(momentum_to), 6) as momentum_to,
        round(min(intensity_from), 6) as intensity_from,
        round(min(intensity_to), 6) as intensity_to,
        {{ sum_int('n_users') }} as n_users,
        {{ sum_int('n_observed_users') }} as n_observed_users,
        round({{ sum_int('believed_billionths') }} / 1e9 / sum(n_users), 9) as believed_lift,
        round(min(realised_lift), 9) as realised_lift,
        round({{ safe_divide(
            'sqrt(sum(power(realised_billionths / 1e9 - n_observed_users * realised_lift, 2)))', 'sum(n_observed_users)'
        ) }}, 9) as realised_lift_se
    from totals
    group by 1, 2
)

select * from final
