with accounts as (
    select count(*) as n_rows from {{ source('raw', 'accounts_raw') }}
),

users as (
    select
        count(*) as n_rows,
        count(distinct user_id) as n_users,
        count(*) filter (where role_type is null) as n_missing_roles,
        count(*) filter (where role_type <> lower(trim(role_type))) as n_unclean_roles
    from {{ source('raw', 'users_raw') }}
),

activity as (
    select
        count(*) as n_rows,
        count(*) filter (where time_spent_minutes not between 0 and 1440) as n_impossible_minutes,
        count(*) filter (where activity_date > current_date) as n_future_dates
    from {{ source('raw', 'user_activity_daily_raw') }}
),

interventions as (
    select
        count(*) as n_rows,
        count(*) filter (where eligibility_flag = 1) as n_eligible,
        count(*) filter (where eligibility_flag = 1 and treatment_flag = 1) as n_treated
    from {{ source('raw', 'interventions_raw') }}
),

outcomes as (
    select
        count(*) as n_rows,
        count(collab_activated_flag) as n_observed,
        {{ sum_int('collab_activated_flag') }} as n_converted
    from {{ source('raw', 'outcomes_raw') }}
),

measures as (
    select 1 as measure_order, 'account_rows' as measure_id, n_rows as numerator, null as denominator from accounts
    union all
    select 2, 'user_rows', n_rows, null from users
    union all
    select 3, 'activity_rows', n_rows, null from activity
    union all
    select 4, 'intervention_rows', n_rows, null from interventions
    union all
    select 5, 'outcome_rows', n_rows, null from outcomes
    union all
    select 6, 'users_an_account', users.n_users, accounts.n_rows from users cross join accounts
    union all
    select 7, 'activity_rows_a_user', activity.n_rows, users.n_users from activity cross join users
    union all
    select 8, 'eligible_share', n_eligible, n_rows from interventions
    union all
    select 9, 'treated_share_of_eligible', n_treated, n_eligible from interventions
    union all
    select 10, 'outcome_observed_share', n_observed, n_rows from outcomes
    union all
    select 11, 'conversion_share_of_observed', n_converted, n_observed from outcomes
    union all
    select 12, 'repeated_user_row_share', n_rows - n_users, n_rows from users
    union all
    select 13, 'missing_role_share', n_missing_roles, n_rows from users
    union all
    select 14, 'unclean_role_share', n_unclean_roles, n_rows from users
    union all
    select 15, 'impossible_minutes_share', n_impossible_minutes, n_rows from activity
    union all
    select 16, 'future_date_share', n_future_dates, n_rows from activity
),

final as (
    select
        cast(measure_order as int) as measure_order,
        measure_id,
        cast(numerator as bigint) as numerator,
        cast(denominator as bigint) as denominator,
        case
            when denominator is null then cast(numerator as double)
            else {{ safe_divide('cast(numerator as double)', 'denominator') }}
        end as measure
    from measures
)

select * from final
