with columns_found as (
    select
        cast(null as string) as table_name,
        cast(null as int) as column_position,
        cast(null as string) as column_name,
        cast(null as string) as data_type,
        cast(null as bigint) as n_rows,
        cast(null as bigint) as n_filled
    where false
    {% for table in [
        'accounts', 'users', 'user_activity_daily', 'user_events', 'user_features', 'interventions', 'outcomes', 'campaign_events', 'bandit_log',
    ] %}
    {{ profile_columns(ref('input_' ~ table), table ~ '_raw') }}
    {% endfor %}
),

final as (
    select
        *,
        {{ safe_divide('cast(n_filled as double)', 'n_rows') }} as filled_share
    from columns_found
)

select * from final
