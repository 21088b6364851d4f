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
        cast(outcomes.is_converted as int) as is_converted,
        interventions.assignment_probability,
        {{ learner_features() }}
    from features
    left join own_features
        on features.population = own_features.population and features.observation_id = own_features.observation_id
    left join interventions on features.population = 'campaign' and features.observation_id = interventions.intervention_id
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
)

select * from final
