with windows as (
    select * from {{ ref('int_features__retrospective_windows') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

{{ behaviour() }},

training_rows as (
    select behaviour.*
    from behaviour
    inner join outcomes on behaviour.intervention_id = outcomes.intervention_id
    where outcomes.is_converted is not null
),

-- The discrete percentile is a value that some user has: nothing to interpolate, so every engine finds the same cap.
final as (
    select
        percentile_disc(0.99) within group (order by actions_7d) as actions_7d_cap,
        percentile_disc(0.99) within group (order by actions_30d) as actions_30d_cap,
        percentile_disc(0.99) within group (order by core_actions_30d) as core_actions_30d_cap,
        percentile_disc(0.99) within group (order by collab_actions_30d) as collab_actions_30d_cap,
        percentile_disc(0.99) within group (order by minutes_30d) as minutes_30d_cap,
        percentile_disc(0.99) within group (order by week_on_week_change) as week_on_week_change_cap,
        percentile_disc(0.99) within group (order by intensity) as intensity_cap
    from training_rows
)

select * from final
