with final as (
    select
        user_id,
        feature,
        value,
        valid_from
    from {{ source('raw', 'user_features_raw') }}
)

select * from final
