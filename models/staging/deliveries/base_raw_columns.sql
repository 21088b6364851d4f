with columns_found as (
    select
        cast(null as string) as table_name,
        cast(null as int) as column_position,
        cast(null as string) as column_name,
        cast(null as string) as data_type,
        cast(null as bigint) as n_rows,
        cast(null as bigint) as n_filled
    where false
    {{ profile_columns(ref('input_accounts'), 'accounts_raw') }}
    {{ profile_columns(ref('input_users'), 'users_raw') }}
    {{ profile_columns(ref('input_user_activity_daily'), 'user_activity_daily_raw') }}
    {{ profile_columns(ref('input_user_events'), 'user_events_raw') }}
    {{ profile_columns(ref('input_user_features'), 'user_features_raw') }}
    {{ profile_columns(ref('input_interventions'), 'interventions_raw') }}
    {{ profile_columns(ref('input_outcomes'), 'outcomes_raw') }}
    {{ profile_columns(ref('input_campaign_events'), 'campaign_events_raw') }}
    {{ profile_columns(ref('input_bandit_log'), 'bandit_log_raw') }}
),

final as (
    select
        *,
        {{ safe_divide('cast(n_filled as double)', 'n_rows') }} as filled_share
    from columns_found
)

select * from final
