{{ config(materialized='view') }}

with feature_values as (
    select
        cast(null as string) as user_id,
        cast(null as string) as quantity,
        cast(null as double) as quantity_value
    where false
    {{ unpivot_features(ref('int_uplift__training_users')) }}
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
