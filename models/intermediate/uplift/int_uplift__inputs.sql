with features as (
    select * from {{ ref('int_features__users') }}
    {{ where_in_scope() }}
),

-- One column per declared company feature; null if no value was known in time.
own_features as (
    select
        {% for column, feature in own_features().items() %}
        max(case when feature = '{{ feature | replace("'", "''") }}' then feature_value end) as {{ column }},
        {% endfor %}
        population,
        observation_id
    from {{ ref('int_features__own') }}
    {{ where_in_scope() }}
    group by population, observation_id
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

scale as (
    select * from {{ ref('int_uplift__outcome_scale') }}
),

final as (
    select
        features.population,
        features.campaign_id,
        features.observation_id,
        features.user_id,
        features.account_id,
        features.as_of_date,
        {{ hex_to_int("substr(md5('halves:' || features.account_id), 1, 15)") }} as account_hash,
        cast(interventions.is_treated as int) as is_treated,
        case
            when scale.value_per_conversion_usd is null then cast(cast(outcomes.is_converted as int) as double)
            when outcomes.is_converted is not null
                then round(coalesce(outcomes.revenue_usd, 0.0) / scale.value_per_conversion_usd, 9)
        end as outcome,
        interventions.assignment_probability,
        {{ learner_features() }}
    from features
    left join own_features
        on features.population = own_features.population and features.observation_id = own_features.observation_id
    left join interventions on features.population = 'campaign' and features.observation_id = interventions.intervention_id
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
    cross join scale
)

select * from final
