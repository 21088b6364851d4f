{{ config(materialized='view') }}

with feature_values as (
    {{ unpivot_features(ref('int_uplift__training_users'), name='quantity') }}
),

training_users as (
    select * from {{ ref('int_uplift__training_users') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

final as (
    select * from feature_values
    union all
    select
        scores.user_id,
        'lift' as quantity,
        scores.lift as quantity_value
    from scores
    inner join training_users on scores.user_id = training_users.user_id
)

select * from final
