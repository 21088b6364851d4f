with users as (
    select
        user_id,
        account_id,
        user_created_date,
        our_word as role_type,
        geo_region,
        invited_by_user_id,
        user_name,
        email
    from ({{ mapped_words('users', 'role_type', mapping='roles', missing='unknown') }}) as mapped
),

-- Every account id has exactly one kept row.
accounts as (
    select distinct account_id from {{ ref('input_accounts') }}
),

checked as (
    select
        users.*,
        users.role_type in ('admin', 'unknown') as is_admin,
        case
            when users.user_id is null then 'null_key'
            when accounts.account_id is null then 'orphan_account'
        end as row_reason
    from users
    left join accounts on users.account_id = accounts.account_id
),

-- Valid rows first, so an invalid duplicate never displaces one.
final as (
    select
        user_id,
        account_id,
        user_created_date,
        role_type,
        is_admin,
        geo_region,
        invited_by_user_id,
        user_name,
        email,
        case
            when row_reason is not null then row_reason
            when row_number() over one_user = 1 then null
            when rank() over one_user = 1 then 'duplicate_row'
            else 'conflicting_duplicate'
        end as reject_reason
    from checked
    window one_user as (
        partition by user_id
        order by
            row_reason is not null asc,
            user_created_date desc nulls last,
            is_admin desc,
            account_id asc,
            role_type asc,
            geo_region asc nulls last,
            invited_by_user_id asc nulls last,
            user_name asc nulls last,
            email asc nulls last
    )
)

select * from final
