with spine as (
    select * from {{ ref('int_features__spine') }}
    where purpose = 'prospective'
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
    where {{ is_staged_anew('activity_date') }}
),

{{ activity_windows(only_active=true) }}

select * from final
