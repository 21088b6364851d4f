with final as (
    select * from {{ source('raw', 'user_features_raw') }}
)

select * from final
