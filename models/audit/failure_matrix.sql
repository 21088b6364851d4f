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

-- An account counts as its most frequent group.
ranked as (
    select
        *,
        row_number() over (partition by campaign_id, policy_id, account_id order by n_users desc, true_group asc) = 1
            as is_of_account
    from account_groups
),

counted as (
    select
        ranked.population,
        ranked.policy_id,
        levels.level,
        ranked.true_group,
        ranked.decision,
        {{ sum_int("case levels.level when 'user' then ranked.n_users else 1 end") }} as n_units,
        {{ sum_int("case levels.level when 'user' then ranked.n_nudged else cast(ranked.n_nudged > 0 as int) end") }} as n_nudged
    from ranked
    cross join (values ('user'), ('account')) as levels (level)
    where levels.level = 'user' or ranked.is_of_account
    group by 1, 2, 3, 4, 5
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
