with learner as (
    select * from {{ ref('learner_parameters') }}
),

measured as (
    select
        count(*) filter (where is_converted) as n_conversions,
        count(*) filter (where is_converted and revenue_usd is null) as n_unpriced,
        {{ exact_sum_usd('coalesce(revenue_usd, 0.0)') }} as revenue_usd,
        {{ exact_sum('coalesce(revenue_usd, 0.0) * coalesce(revenue_usd, 0.0)') }} as squared_revenue
    from {{ ref('stg_outcomes') }}
    where is_converted is not null
),

-- Users who converted without known revenue can't be left out: that would bias the effect on everybody else's.
priced as (
    select
        measured.*,
        learner.outcome_measure = 'revenue' as is_revenue
    from measured
    cross join learner
    where
        case
            when learner.outcome_measure <> 'revenue' or measured.n_unpriced = 0 and measured.revenue_usd > 0 then true
            else {{ raise_error("'outcomes_raw.revenue_usd: ' || measured.n_unpriced || ' of ' || measured.n_conversions
                || ' conversions have no revenue, and the others ' || coalesce(measured.revenue_usd, 0)
                || ' dollars in all. Export it, 0 where there was none, or learn from conversions (outcome_measure)'") }}
        end
),

final as (
    select
        {% if var('refresh') %}
        -- That of the published model.
        case when is_revenue then (select max(value_per_conversion_usd) from {{ source('published', 'policies') }}) end
        {% else %}
        case when is_revenue then round(revenue_usd / n_conversions, 2) end
        {% endif %}
            as value_per_conversion_usd,
        case when is_revenue then squared_revenue * n_conversions / (revenue_usd * revenue_usd) else 1.0 end
            as mean_square_per_mean
    from priced
)

select * from final
