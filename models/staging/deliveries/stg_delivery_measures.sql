with manifest as (
    select * from {{ ref('base_raw_columns') }}
),

report as (
    select * from {{ ref('base_raw_measures') }}
),

activity as (
    select max(activity_date) as last_date from {{ ref('stg_user_activity_daily') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

categories as (
    select 'plan' as category, {{ plain_word('plan_tier') }} as value from {{ ref('input_accounts') }}
    union all
    select 'role' as category, {{ plain_word('role_type') }} as value from {{ ref('input_users') }}
),

counted_categories as (
    select
        coalesce(category || ' ' || value, 'no ' || category) as subject,
        count(*) as n_rows,
        sum(count(*)) over (partition by category) as n_all_rows
    from categories
    group by category, value
),

final as (
    select 'filled_share' as measure_id, table_name || '.' || column_name as subject, filled_share as measure
    from manifest
    union all
    select 'rows', table_name, max(n_rows) from manifest
    group by table_name
    union all
    select 'campaign_share', measure_id, measure from report
    where
        measure_id in (
            'eligible_share', 'treated_share_of_eligible', 'outcome_observed_share', 'conversion_share_of_observed'
        )
    union all
    select 'category_share', subject, cast(n_rows as double) / n_all_rows from counted_categories
    union all
    select 'activity_age_days', 'user_activity_daily_raw', cast(scoring.scoring_date - activity.last_date as int)
    from activity
    cross join scoring
)

select * from final
