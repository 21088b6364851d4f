{{ config(materialized='view') }}

with feature_values as (
    {{ unpivot_features(ref('int_uplift__inputs')) }}
),

final as (
    select * from feature_values
)

select * from final
