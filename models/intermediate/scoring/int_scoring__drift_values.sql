with feature_values as (
    select
        cast(null as string) as user_id,
        cast(null as string) as quantity,
        cast(null as double) as quantity_value
    where false
    {{ unpivot_features(ref('int_scoring__inputs'), after='features_hash') }}
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
