with users as (
    select * from {{ ref('int_audit__users') }}
),

account_groups as (
    select
        population,
        campaign_id,
        policy_id,
        account_id,
        true_group,
        decision,
        count(*) as n_users,
        {{ sum_int('cast(is_nudged as int)') }} as n_nudged
    from users
    group by 1, 2, 3, 4, 5, 6
),

-- An account counts as the group of most of its users.
ranked as (
    select
        *,
        row_number() over (partition by campaign_id, policy_id, account_id order by n_users desc, true_group asc) = 1
            as is_of_account
    from account_groups
),

both_levels as (
    select
        population,
        policy_id,
        true_group,
        decision,
        {{ sum_int('n_users') }} as n_users,
        {{ sum_int('n_nudged') }} as n_nudged_users,
        count(*) filter (where is_of_account) as n_accounts,
        count(*) filter (where is_of_account and n_nudged > 0) as n_nudged_accounts
    from ranked
    group by 1, 2, 3, 4
),

counted as (
    select
        population,
        policy_id,
        'user' as level,
        true_group,
        decision,
        n_users as n_units,
        n_nudged_users as n_nudged
    from both_levels
    union all
    select
        population,
        policy_id,
        'account' as level,
        true_group,
        decision,
        n_accounts as n_units,
        n_nudged_accounts as n_nudged
    from both_levels
    where n_accounts > 0
),

final as (
    select
        population,
        policy_id,
        level,
        true_group,
        decision,
        n_units,
        n_nudged,
        cast(n_units as double) / sum(n_units) over (partition by population, policy_id, level, true_group) as share_of_group,
        cast(n_nudged as double) / sum(n_units) over (partition by population, policy_id, level, true_group)
            as nudged_share_of_group
    from counted
)

select * from final
