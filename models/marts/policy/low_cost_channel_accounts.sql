with accounts as (
    {{ listed_accounts('suppress_too_small') }}
),

final as (
    select
        accounts.account_id,
        {{ known_by('accounts') }},
        accounts.policy_id,
        'email' as recommended_channel,
        accounts.expected_revenue_usd,
        accounts.cost_usd,
        accounts.net_value_usd,
        accounts.n_scored_users,
        accounts.reason,
        accounts.build_id
    from accounts
    where accounts.expected_revenue_usd > 0
)

select * from final
