with targets as (
    select * from {{ ref('target_accounts') }}
),

-- Millionths of a dollar, so that the running sum does not depend on the order of addition.
cumulated as (
    select
        account_id,
        value_rank,
        net_value_usd,
        count(*) over () as n_targets,
        sum(cast(round(net_value_usd * 1e6) as bigint)) over (order by value_rank) / 1e6 as cumulative_net_value_usd,
        sum(cast(round(net_value_usd * 1e6) as bigint)) over () / 1e6 as total_net_value_usd
    from targets
),

shares as (
    select
        account_id,
        value_rank,
        net_value_usd,
        cumulative_net_value_usd,
        cast(value_rank as double) / n_targets as share_of_accounts,
        {{ safe_divide('cumulative_net_value_usd', 'total_net_value_usd') }} as share_of_value
    from cumulated
),

final as (
    select
        value_rank,
        account_id,
        net_value_usd,
        cumulative_net_value_usd,
        share_of_accounts,
        share_of_value,
        -- Accounts drawn at random hold value in proportion to their number.
        share_of_accounts as random_share_of_value,
        share_of_value >= 0.8
        and coalesce(lag(share_of_value) over (order by value_rank) < 0.8, true) as is_eighty_percent_point
    from shares
)

select * from final
