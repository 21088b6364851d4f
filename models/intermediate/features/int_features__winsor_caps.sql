with behaviour as (
    select * from {{ ref('int_features__behaviour') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

training_rows as (
    select behaviour.*
    from behaviour
    inner join outcomes on behaviour.intervention_id = outcomes.intervention_id
    where behaviour.purpose = 'retrospective' and outcomes.is_converted is not null
),

-- A cap is a value that some user has (the discrete percentile): engines interpolate differently.
percentiles as (
    select
        {%- for feature in winsorised_features() %}
        percentile_disc(0.99) within group (order by {{ feature }}) as {{ feature }}{{ ',' if not loop.last }}
        {%- endfor %}
    from training_rows
),

final as (
    select
        features.feature,
        case features.feature
            {%- for feature in winsorised_features() %}
            when '{{ feature }}' then percentiles.{{ feature }}
            {%- endfor %}
        end as cap
    from percentiles
    cross join (values ('{{ winsorised_features() | join("'), ('") }}')) as features (feature)
)

select * from final
