with accounts as (
    select count(*) as n_account_rows from {{ ref('input_accounts') }}
),

users as (
    select
        count(*) as n_user_rows,
        count(distinct user_id) as n_users,
        count(*) filter (where role_type is null) as n_missing_roles,
        count(*) filter (where role_type <> lower(trim(role_type))) as n_unclean_roles
    from {{ ref('input_users') }}
),

activity as (
    select
        count(*) as n_activity_rows,
        count(*) filter (where time_spent_minutes not between 0 and 1440) as n_impossible_minutes,
        count(*) filter (where activity_date > current_date) as n_future_dates
    from {{ ref('base_user_activity') }}
),

interventions as (
    select
        count(*) as n_intervention_rows,
        count(*) filter (where eligibility_flag = 1) as n_eligible,
        count(*) filter (where eligibility_flag = 1 and treatment_flag = 1) as n_treated
    from {{ ref('input_interventions') }}
),

outcomes as (
    select
        count(*) as n_outcome_rows,
        count(collab_activated_flag) as n_observed,
        {{ sum_int('collab_activated_flag') }} as n_converted
    from {{ ref('input_outcomes') }}
),

counts as (
    select *
    from accounts
    cross join users
    cross join activity
    cross join interventions
    cross join outcomes
),

final as (
    {% for measure_id, numerator, denominator in [
        ('account_rows', 'n_account_rows', none),
        ('user_rows', 'n_user_rows', none),
        ('activity_rows', 'n_activity_rows', none),
        ('intervention_rows', 'n_intervention_rows', none),
        ('outcome_rows', 'n_outcome_rows', none),
        ('users_per_account', 'n_users', 'n_account_rows'),
        ('activity_rows_per_user', 'n_activity_rows', 'n_users'),
        ('eligible_share', 'n_eligible', 'n_intervention_rows'),
        ('treated_share_of_eligible', 'n_treated', 'n_eligible'),
        ('outcome_observed_share', 'n_observed', 'n_outcome_rows'),
        ('conversion_share_of_observed', 'n_converted', 'n_observed'),
        ('repeated_user_row_share', 'n_user_rows - n_users', 'n_user_rows'),
        ('missing_role_share', 'n_missing_roles', 'n_user_rows'),
        ('unclean_role_share', 'n_unclean_roles', 'n_user_rows'),
        ('impossible_minutes_share', 'n_impossible_minutes', 'n_activity_rows'),
        ('future_date_share', 'n_future_dates', 'n_activity_rows'),
    ] %}
    select
        {{ loop.index }} as measure_order,
        '{{ measure_id }}' as measure_id,
        cast({{ numerator }} as bigint) as numerator,
        cast({{ denominator or 'null' }} as bigint) as denominator,
        {{ safe_divide('cast(' ~ numerator ~ ' as double)', denominator or 1) }} as measure
    from counts
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
