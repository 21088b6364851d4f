with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

weighted as (
    select
        *,
        {{ inverse_propensity_weight('is_treated', 'clipped_propensity') }} as weight
    from dr_scores
),

measured as (
    select
        case when is_treated = 1 then 'treated' else 'control' end as arm,
        count(*) as n_users,
        min(propensity) as propensity_min,
        percentile_cont(0.5) within group (order by propensity) as propensity_median,
        max(propensity) as propensity_max,
        avg(cast(is_propensity_clipped as int)) as clipped_share,
        {{ effective_n('weight') }} as effective_users
    from weighted
    group by is_treated
),

final as (
    select
        arm,
        n_users,
        propensity_min,
        round(propensity_median, 9) as propensity_median,
        propensity_max,
        round(clipped_share, 9) as clipped_share,
        round(effective_users, 3) as effective_users,
        round(effective_users / n_users, 6) as effective_share
    from measured
)

select * from final
