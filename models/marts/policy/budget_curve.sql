with curve as (
    {{ gated(ref('int_policy__budget_curve'), "population = 'today'") }}
),

final as (
    select
        value_rank,
        account_id,
        net_value_usd,
        cumulative_net_value_usd,
        share_of_accounts,
        share_of_value,
        random_share_of_value,
        is_eighty_percent_point
    from curve
)

select * from final
