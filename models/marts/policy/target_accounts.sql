with accounts as (
    {{ listed_accounts('target') }}
),

final as (
    select
        accounts.account_id,
        {{ known_by('accounts') }},
        accounts.policy_id,
        cast(row_number() over (order by accounts.net_value_usd desc, accounts.account_id asc) as bigint) as value_rank,
        accounts.net_value_usd,
        accounts.expected_revenue_usd,
        accounts.cost_usd,
        accounts.n_scored_users,
        accounts.n_nudged_users,
        accounts.reason,
        accounts.build_id
    from accounts
)

select * from final
