{{ config(materialized='ephemeral') }}

with feature_values as (
    {{ unpivot_features(ref('int_scoring__inputs'), name='quantity', after='features_hash') }}
),

scores as (
    select * from {{ ref('prospective_scores') }}
),

final as (
    select * from feature_values
    union all
    select
        user_id,
        'lift' as quantity,
        lift as quantity_value
    from scores
)

select * from final
