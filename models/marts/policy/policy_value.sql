with valued as (
    select * from {{ ref('int_policy__strategy_values') }}
),

-- An account is one unit, however many campaigns it was in.
by_account as (
    select
        valued.policy_id,
        valued.strategy,
        comparators.strategy as comparator,
        valued.account_id,
        count(*) filter (where valued.is_picked) as n_picked,
        {{ sum_int('valued.n_users') }} as n_users,
        {{ exact_sum_usd('valued.predicted_value_usd - comparators.predicted_value_usd') }} as predicted_gain_usd,
        {{ exact_sum_usd('valued.value_usd - comparators.value_usd') }} as gain_usd
    from valued
    inner join valued as comparators using (campaign_id, policy_id, account_id)
    where comparators.strategy in ('nobody', 'everybody') and valued.strategy <> comparators.strategy
    group by 1, 2, 3, 4
),

totals as (
    select
        policy_id,
        strategy,
        comparator,
        {{ sum_int('n_picked') }} as n_accounts,
        {{ sum_int('n_users') }} as n_users,
        {{ exact_sum_usd('predicted_gain_usd') }} as predicted_gain_usd,
        {{ exact_sum_usd('gain_usd') }} as gain_usd,
        {{ clustered_error_of_sum('gain_usd') }} as gain_usd_se
    from by_account
    group by 1, 2, 3
),

final as (
    select
        policy_id,
        strategy,
        comparator,
        n_accounts,
        n_users,
        predicted_gain_usd,
        {{ with_interval('gain_usd', 'gain_usd', 'gain_usd_se', digits=6) }},
        round({{ safe_divide('gain_usd', 'n_users') }}, 6) as gain_per_user_usd
    from totals
)

select * from final
