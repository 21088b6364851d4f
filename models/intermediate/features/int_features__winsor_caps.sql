{% if var('refresh') %}
with final as (
    select * from {{ source('published', 'feature_caps') }}
)
{% else %}
with behaviour as (
    select * from {{ ref('int_features__behaviour') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

training_rows as (
    select behaviour.*
    from behaviour
    inner join outcomes on behaviour.observation_id = outcomes.intervention_id
    where behaviour.population = 'campaign' and outcomes.is_converted is not null
),

-- The discrete percentile is a value that some user has: nothing to interpolate, so every engine finds the same cap.
final as (
    select
        cast(percentile_disc(0.99) within group (order by actions_7d) as bigint) as actions_7d_cap,
        cast(percentile_disc(0.99) within group (order by actions_30d) as bigint) as actions_30d_cap,
        cast(percentile_disc(0.99) within group (order by core_actions_30d) as bigint) as core_actions_30d_cap,
        cast(percentile_disc(0.99) within group (order by collab_actions_30d) as bigint) as collab_actions_30d_cap,
        cast(percentile_disc(0.99) within group (order by minutes_30d) as bigint) as minutes_30d_cap,
        cast(percentile_disc(0.99) within group (order by week_on_week_change) as double) as week_on_week_change_cap,
        cast(percentile_disc(0.99) within group (order by intensity) as double) as intensity_cap
    from training_rows
)
{% endif %}

select * from final
