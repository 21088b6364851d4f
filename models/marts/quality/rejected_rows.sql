with rejected as (
    select
        'accounts_raw' as table_name,
        coalesce(account_id, 'null') as row_key,
        reject_reason
    from {{ ref('base_accounts') }}
    where reject_reason is not null
    union all
    select
        'users_raw' as table_name,
        coalesce(user_id, 'null') as row_key,
        reject_reason
    from {{ ref('base_users') }}
    where reject_reason is not null
    union all
    select
        'user_activity_daily_raw' as table_name,
        coalesce(user_id, 'null') || ' | ' || coalesce(cast(activity_date as string), 'null') as row_key,
        reject_reason
    from {{ ref('base_user_activity_exceptions') }}
    where reject_reason is not null
    union all
    select
        'interventions_raw' as table_name,
        coalesce(intervention_id, 'null') as row_key,
        reject_reason
    from {{ ref('base_interventions') }}
    where reject_reason is not null
    union all
    select
        'outcomes_raw' as table_name,
        coalesce(user_id, 'null') || ' | ' || coalesce(intervention_id, 'null') as row_key,
        reject_reason
    from {{ ref('base_outcomes') }}
    where reject_reason is not null
    union all
    select
        'campaign_events_raw' as table_name,
        coalesce(event_id, 'null') as row_key,
        reject_reason
    from {{ ref('base_campaign_events') }}
    where reject_reason is not null
),

final as (
    select
        table_name,
        row_key,
        reject_reason as rule_id,
        count(*) as n_rows
    from rejected
    group by table_name, row_key, reject_reason
)

select * from final
