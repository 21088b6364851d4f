{{ config(materialized='view') }}

with feature_values as (
    {{ unpivot_features(ref('int_uplift__training_users'), 'campaign', name='quantity') }}
),

sample as (
    select * from {{ ref('int_uplift__training_users') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign'
),

final as (
    select * from feature_values
    union all
    select
        scores.observation_id,
        'lift' as quantity,
        scores.lift as quantity_value
    from scores
    inner join sample on scores.observation_id = sample.observation_id
)

select * from final
