-- A refresh uses the published model's scale.
{% if var('refresh') %}
with final as (
    select
        value_per_conversion_usd,
        mean_square_per_mean
    from {{ source('published', 'lift_models') }}
)
{% else %}
with outcomes as (
    select outcomes.*
    from {{ ref('stg_outcomes') }} as outcomes
    cross join {{ ref('learner_parameters') }} as learner
    where outcomes.is_converted is not null and learner.outcome_measure = 'revenue'
),

counted as (
    select
        count(*) as n_users,
        count(*) filter (where is_converted) as n_conversions,
        count(*) filter (where is_converted and revenue_usd is null) as n_unpriced,
        coalesce({{ exact_sum_usd('revenue_usd', filter='is_converted') }}, 0) as revenue_usd
    from outcomes
),

-- Users who converted without known revenue can't be left out: that would bias the effect for everybody else.
priced as (
    select case when n_users > 0 then round(revenue_usd / n_conversions, 2) end as value_per_conversion_usd
    from counted
    where
        case
            when n_users = 0 or n_unpriced = 0 and revenue_usd >= 0.01 * n_conversions and n_conversions > 0 then true
            else {{ raise_error("'outcomes_raw.revenue_usd: ' || n_unpriced || ' of ' || n_conversions
                || ' conversions have no revenue, and the others ' || revenue_usd
                || ' dollars in all. Export it, 0 where there was none, or learn from conversions (outcome_measure)'") }}
        end
),

relative as (
    select coalesce(outcomes.revenue_usd, 0.0) / priced.value_per_conversion_usd as outcome
    from outcomes
    cross join priced
),

moments as (
    select {{ safe_divide(exact_sum('outcome * outcome'), exact_sum('outcome')) }} as mean_square_per_mean from relative
),

final as (
    select
        priced.value_per_conversion_usd,
        coalesce(moments.mean_square_per_mean, 1.0) as mean_square_per_mean
    from priced
    cross join moments
)
{% endif %}

select * from final
