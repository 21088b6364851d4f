with columns_found as (
    select
        cast(null as string) as table_name,
        cast(null as int) as column_position,
        cast(null as string) as column_name,
        cast(null as string) as data_type,
        cast(null as bigint) as n_rows,
        cast(null as bigint) as n_filled
    where false
    {{ profile_columns(source('raw', 'accounts_raw')) }}
    {{ profile_columns(source('raw', 'users_raw')) }}
    {{ profile_columns(source('raw', 'user_activity_daily_raw')) }}
    {{ profile_columns(source('raw', 'interventions_raw')) }}
    {{ profile_columns(source('raw', 'outcomes_raw')) }}
    {{ profile_columns(source('raw', 'campaign_events_raw')) }}
    {{ profile_columns(source('raw', 'bandit_log_raw')) }}
),

final as (
    select
        *,
        {{ safe_divide('cast(n_filled as double)', 'n_rows') }} as filled_share
    from columns_found
)

select * from final
