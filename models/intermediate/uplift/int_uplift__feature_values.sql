{{ config(materialized='view') }}

with final as (
    {{ unpivot_features(ref('int_uplift__inputs'), 'campaign') }}
)

select * from final
