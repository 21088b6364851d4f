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
        {% for feature in winsorised_features() %}
        percentile_disc(0.99) within group (order by {{ feature }}) as {{ feature }}_cap{{ ',' if not loop.last }}
        {% endfor %}
    from training_rows
)
{% endif %}

select * from final
