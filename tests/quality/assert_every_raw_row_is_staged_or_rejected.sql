-- Cleaning drops nothing silently: in each raw table, the rows the rules leave are the staged rows.
with summary as (
    select
        table_name,
        min(rows_after) as n_left
    from {{ ref('data_quality_summary') }}
    group by table_name
),

staged as (
    {% for table in [
        'accounts', 'users', 'user_activity_daily', 'user_features', 'interventions', 'outcomes',
    ] %}
    select
        '{{ table }}_raw' as table_name,
        count(*) as n_staged
    from {{ ref('stg_' ~ table) }}
    union all
    {% endfor %}
    select
        'campaign_events_raw' as table_name,
        count(*) as n_staged
    from {{ ref('base_campaign_events') }}
    where reject_reason is null
),

-- Earlier campaigns' logs are staged with the exported interventions and outcomes.
logged as (
    select count(*) as n_logged
    from {{ ref('base_logged_interventions') }}
),

-- Sources of one day are staged as one row.
merged as (
    select coalesce({{ sum_int('n_rows - 1') }}, 0) as n_merged
    from (
        select count(*) as n_rows from {{ ref('base_user_activity_checked') }}
        where reject_reason is null
        group by user_id, activity_date
    ) as days
),

final as (
    select
        staged.table_name,
        summary.n_left,
        staged.n_staged
    from staged
    left join summary on staged.table_name = summary.table_name
    cross join logged
    cross join merged
    where
        staged.n_staged
        - case when staged.table_name in ('interventions_raw', 'outcomes_raw') then logged.n_logged else 0 end
        + case when staged.table_name = 'user_activity_daily_raw' then merged.n_merged else 0 end
        is distinct from summary.n_left
)

select * from final
