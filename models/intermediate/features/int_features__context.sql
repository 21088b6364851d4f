{{ config(materialized='view') }}

with users as (
    select * from {{ ref('stg_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

final as (
    select
        users.user_id,
        users.user_created_date,
        users.role_type,
        users.is_admin,
        accounts.plan_tier,
        accounts.seat_count,
        case
            when accounts.seat_count <= 10 then 'small'
            when accounts.seat_count <= 50 then 'mid'
            when accounts.seat_count > 50 then 'large'
        end as size_bucket
    from users
    inner join accounts on users.account_id = accounts.account_id
)

select * from final
