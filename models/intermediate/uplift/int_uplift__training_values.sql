{{ config(materialized='view') }}

with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
    where is_converted is not null and is_treated is not null
),

feature_values as (
    select * from {{ ref('int_diagnostics__feature_values') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

final as (
    select
        feature_values.user_id,
        feature_values.feature as quantity,
        feature_values.feature_value as quantity_value
    from feature_values
    inner join inputs on feature_values.user_id = inputs.user_id
    union all
    select
        scores.user_id,
        'lift' as quantity,
        scores.lift as quantity_value
    from scores
    inner join inputs on scores.user_id = inputs.user_id
)

select * from final
