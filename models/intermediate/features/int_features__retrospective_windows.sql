with spine as (
    select * from {{ ref('int_features__spine') }}
    where purpose = 'retrospective'
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

{{ activity_windows() }}

select * from final
