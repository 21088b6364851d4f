with users as (
    select * from {{ ref('int_audit__users') }}
),

user_groups as (
    select
        policy_id,
        'user' as level,
        true_group,
        decision,
        cast(is_nudged as int) as is_nudged
    from users
),

group_counts as (
    select
        policy_id,
        account_id,
        true_group,
        decision,
        max(cast(is_nudged as int)) as is_nudged,
        row_number() over (partition by policy_id, account_id order by count(*) desc, true_group asc) as group_rank
    from users
    group by policy_id, account_id, true_group, decision
),

-- An account counts as the group of most of its users.
account_groups as (
    select
        policy_id,
        'account' as level,
        true_group,
        decision,
        is_nudged
    from group_counts
    where group_rank = 1
),

units as (
    select * from user_groups
    union all
    select * from account_groups
),

counted as (
    select
        policy_id,
        level,
        true_group,
        decision,
        count(*) as n_units,
        {{ sum_int('is_nudged') }} as n_nudged
    from units
    group by 1, 2, 3, 4
),

final as (
    select
        policy_id,
        level,
        true_group,
        decision,
        n_units,
        n_nudged,
        cast(n_units as double) / sum(n_units) over (partition by policy_id, level, true_group) as share_of_group,
        cast(n_nudged as double) / sum(n_units) over (partition by policy_id, level, true_group) as nudged_share_of_group
    from counted
)

select * from final
