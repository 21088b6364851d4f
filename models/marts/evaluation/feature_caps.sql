with features as (
    select * from {{ ref('int_features__users') }}
    where population = 'campaign'
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

-- A cap is some training row's value, and no capped row exceeds it, so it is the maximum of the capped rows.
final as (
    select {{ winsor_caps('max(features.{})') }}
    from features
    inner join outcomes on features.observation_id = outcomes.intervention_id
    where outcomes.is_converted is not null
)

select * from final
