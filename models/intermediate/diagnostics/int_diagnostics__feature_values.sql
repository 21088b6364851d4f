{{ config(materialized='view') }}

with feature_values as (
    select
        cast(null as string) as user_id,
        cast(null as string) as feature,
        cast(null as double) as feature_value
    where false
    {{ unpivot_features(ref('int_uplift__inputs')) }}
),

final as (
    select * from feature_values
)

select * from final
