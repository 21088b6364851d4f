with manifest as (
    select * from {{ ref('base_raw_columns') }}
),

campaigns as (
    select
        count(*) as n_interventions,
        {{ sum_int('eligibility_flag') }} as n_eligible,
        {{ sum_int('treatment_flag', filter='eligibility_flag = 1') }} as n_treated
    from {{ ref('input_interventions') }}
),

outcomes as (
    select
        count(*) as n_outcomes,
        count(collab_activated_flag) as n_observed,
        {{ sum_int('collab_activated_flag') }} as n_converted
    from {{ ref('input_outcomes') }}
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
    {% for subject, numerator, denominator, relation in [
        ('eligible_share', 'n_eligible', 'n_interventions', 'campaigns'),
        ('treated_share_of_eligible', 'n_treated', 'n_eligible', 'campaigns'),
        ('outcome_observed_share', 'n_observed', 'n_outcomes', 'outcomes'),
        ('conversion_share_of_observed', 'n_converted', 'n_observed', 'outcomes'),
    ] %}
    select 'campaign_share', '{{ subject }}', {{ safe_divide('cast(' ~ numerator ~ ' as double)', denominator) }}
    from {{ relation }}
    union all
    {% endfor %}
    select 'category_share', subject, cast(n_rows as double) / n_all_rows from counted_categories
    union all
    select 'activity_age_days', 'user_activity_daily_raw', cast(scoring.scoring_date - activity.last_date as int)
    from activity
    cross join scoring
)

select * from final
