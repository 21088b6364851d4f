with rules as (
    select * from {{ ref('cleaning_rules') }}
),

-- Days derived from events are cleaned like loaded ones, and counted with them.
raw_rows as (
    select
        table_name,
        max(n_rows) as n_rows
    from {{ ref('base_raw_columns') }}
    group by 1
    union all
    select
        'user_activity_daily_raw' as table_name,
        count(*) as n_rows
    from {{ ref('base_user_event_days') }}
),

raw_counts as (
    select
        table_name,
        {{ sum_int('n_rows') }} as n_rows
    from raw_rows
    group by 1
),

rejected as (
    {{ rejected_rows() }}
),

affected as (
    select
        table_name,
        rule_id,
        count(*) as n_rows
    from rejected
    group by 1, 2
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
