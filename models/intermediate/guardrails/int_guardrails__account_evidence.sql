with accounts as (
    select * from {{ ref('stg_accounts') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

counted_users as (
    select
        policies.policy_id,
        scores.account_id,
        coalesce(users.is_admin, true) as is_admin,
        scores.lift,
        scores.lift < policies.sleeping_dog_lift_threshold as is_sleeping_dog,
        -- Billionths, so that the sum does not depend on the order of addition.
        cast(round(scores.lift * 1e9) as bigint) as lift_billionths
    from scores
    left join users on scores.user_id = users.user_id
    cross join policies
    where policies.counts_unobserved_users or scores.has_observed_outcome
),

by_account as (
    select
        policy_id,
        account_id,
        count(*) as n_users,
        count(lift) as n_scored_users,
        count(*) filter (where is_admin) as n_admins,
        count(*) filter (where is_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where is_sleeping_dog and is_admin) as n_sleeping_dog_admins,
        {{ sum_int('lift_billionths') }} / 1e9 as sum_lift
    from counted_users
    group by 1, 2
),

-- Every account of every policy has a row, since one without evidence must be suppressed, not forgotten.
final as (
    select
        policies.policy_id,
        accounts.account_id,
        coalesce(by_account.n_users, 0) as n_users,
        coalesce(by_account.n_scored_users, 0) as n_scored_users,
        coalesce(by_account.n_admins, 0) as n_admins,
        coalesce(by_account.n_sleeping_dogs, 0) as n_sleeping_dogs,
        coalesce(by_account.n_sleeping_dog_admins, 0) as n_sleeping_dog_admins,
        {{ safe_divide('by_account.n_sleeping_dogs', 'by_account.n_scored_users') }} as sleeping_dog_share,
        by_account.sum_lift,
        round(by_account.sum_lift * policies.value_per_conversion_usd, 6) as expected_revenue_usd,
        policies.cost_per_account_usd
        + policies.cost_per_nudge_usd * coalesce(by_account.n_users, 0) as cost_usd,
        round(
            by_account.sum_lift * policies.value_per_conversion_usd
            - policies.cost_per_account_usd
            - policies.cost_per_nudge_usd * by_account.n_users, 6
        ) as net_value_usd,
        policies.toxic_user_share_limit,
        policies.min_scored_users
    from accounts
    cross join policies
    left join by_account
        on accounts.account_id = by_account.account_id and policies.policy_id = by_account.policy_id
)

select * from final
