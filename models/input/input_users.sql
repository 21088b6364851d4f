with final as (
    select
        user_id,
        account_id,
        user_created_date,
        role_type,
        geo_region,
        invited_by_user_id,
        user_name,
        email
    from {{ source('raw', 'users_raw') }}
)

select * from final
