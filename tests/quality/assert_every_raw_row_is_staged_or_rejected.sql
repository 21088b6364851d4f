-- Cleaning loses nothing in silence: of each raw table, what the rules leave is what is staged.
with summary as (
    select
        table_name,
        min(rows_after) as n_left
    from {{ ref('data_quality_summary') }}
    group by table_name
),

staged as (
    {% for table in [
        'accounts', 'users', 'user_activity_daily', 'user_features', 'interventions', 'outcomes', 'campaign_events',
    ] %}
    select
        '{{ table }}_raw' as table_name,
        count(*) as n_staged
    from {{ ref('stg_' ~ table) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        staged.table_name,
        summary.n_left,
        staged.n_staged
    from staged
    left join summary on staged.table_name = summary.table_name
    where staged.n_staged is distinct from summary.n_left
)

select * from final
