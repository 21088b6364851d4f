with rules as (
    select * from {{ ref('cleaning_rules') }}
),

raw_counts as (
    {% for table in ['accounts_raw', 'users_raw', 'user_activity_daily_raw', 'interventions_raw', 'outcomes_raw',
        'campaign_events_raw'] %}
    select
        '{{ table }}' as table_name,
        count(*) as n_rows
    from {{ source('raw', table) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

affected as (
    select
        table_name,
        rule_id,
        {{ sum_int('n_rows') }} as n_rows
    from {{ ref('rejected_rows') }}
    group by table_name, rule_id
    union all
    select * from {{ ref('base_repairs_and_flags') }}
),

counted as (
    select
        rules.*,
        raw_counts.n_rows as n_raw_rows,
        coalesce(affected.n_rows, 0) as rows_affected,
        case when rules.action = 'rejected' then coalesce(affected.n_rows, 0) else 0 end as rows_rejected
    from rules
    inner join raw_counts on rules.table_name = raw_counts.table_name
    left join affected on rules.table_name = affected.table_name and rules.rule_id = affected.rule_id
),

totals as (
    select
        *,
        n_raw_rows - cast(
            sum(rows_rejected) over (partition by table_name order by rule_order rows unbounded preceding) as bigint
        ) as rows_after
    from counted
),

final as (
    select
        table_name,
        rule_order,
        rule_id,
        action,
        description,
        rows_after + rows_rejected as rows_before,
        rows_affected,
        rows_after,
        {{ safe_divide('rows_affected', 'rows_after + rows_rejected') }} as affected_share
    from totals
)

select * from final
