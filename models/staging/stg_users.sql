select
    user_id,
    account_id,
    user_created_date,
    role_type,
    is_admin,
    geo_region,
    invited_by_user_id,
    user_name,
    email
from {{ ref('base_users') }}
where reject_reason is null
