with delivered as (
    select * from {{ ref('stg_delivery_measures') }}
),

last_good as (
    select
        measure_id,
        subject,
        measure
    from {{ source('published', 'last_good_delivery') }}
    where {{ var('deliveries') == 'compare' }}
),

-- A refresh checks generated worlds, too: the model must be about the same users.
users_then as (
    select
        user_id,
        account_id
    from {{ source('published', 'user_uplift_scores') }}
    where population = 'today' and {{ var('deliveries') == 'compare' or (var('refresh') and var('deliveries') != 'accept') }}
),

users_now as (
    select
        user_id,
        account_id
    from {{ ref('stg_users') }}
),

users_kept as (
    select
        count(*) as n_then,
        count(users_now.user_id) as n_kept
    from users_then
    left join users_now on users_then.user_id = users_now.user_id and users_then.account_id = users_now.account_id
),

compared as (
    select
        coalesce(delivered.measure_id, last_good.measure_id) as measure_id,
        coalesce(delivered.subject, last_good.subject) as subject,
        last_good.measure as measure_before,
        delivered.measure as measure_now,
        count(last_good.subject) over () as n_before
    from delivered
    full outer join last_good
        on delivered.measure_id = last_good.measure_id and delivered.subject = last_good.subject
),

-- Logs of a running campaign and a bandit are meant to grow.
changes as (
    {% for check_id, change, condition in [
        ('rows_lost', '1 - ' ~ safe_divide('coalesce(measure_now, 0)', 'measure_before'), "measure_id = 'rows'"),
        (
            'rows_gained', safe_divide('measure_now', 'measure_before') ~ ' - 1',
            "measure_id = 'rows' and subject not in ('campaign_events_raw', 'bandit_log_raw')"
        ),
        ('filled_share_lost', 'measure_before - measure_now', "measure_id = 'filled_share'"),
        ('campaign_share_moved', 'abs(measure_now - measure_before)', "measure_id = 'campaign_share'"),
        ('category_share_moved', 'abs(coalesce(measure_now, 0) - measure_before)', "measure_id = 'category_share'"),
        ('category_new', 'measure_now', "measure_id = 'category_share' and measure_before is null and n_before > 0"),
        ('activity_age_days', 'measure_now', "measure_id = 'activity_age_days'"),
    ] %}
    select
        *,
        '{{ check_id }}' as check_id,
        {{ change }} as change
    from compared
    where {{ condition }}
    union all
    {% endfor %}
    select
        null as measure_id,
        'users_raw' as subject,
        n_then as measure_before,
        n_kept as measure_now,
        null as n_before,
        'users_lost' as check_id,
        1 - {{ safe_divide('cast(n_kept as double)', 'n_then') }} as change
    from users_kept
),

-- Rounded, so floating point can't miss a limit. Measures without a counterpart have not changed.
final as (
    select
        check_id,
        subject,
        cast(round(change, 9) as double) as change,
        measure_before,
        measure_now
    from changes
    where change is not null
)

select * from final
