with targets as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and decision = 'target'
),

ranked as (
    select
        population,
        campaign_id,
        cast(row_number() over best_first as bigint) as value_rank,
        account_id,
        net_value_usd,
        sum({{ millionths('net_value_usd') }}) over best_first / 1e6 as cumulative_net_value_usd,
        cast(row_number() over best_first as double) / count(*) over (partition by population) as share_of_accounts,
        {{ safe_divide(
            'sum(' ~ millionths('net_value_usd') ~ ') over best_first / 1e6',
            'sum(' ~ millionths('net_value_usd') ~ ') over (partition by population) / 1e6'
        ) }} as share_of_value
    from targets
    window best_first as (partition by population order by net_value_usd desc, account_id asc, campaign_id asc)
),

final as (
    select
        *,
        -- In random order, value grows in proportion to the number of accounts.
        share_of_accounts as random_share_of_value,
        share_of_value >= 0.8
        and coalesce(lag(share_of_value) over (partition by population order by value_rank) < 0.8, true)
            as is_eighty_percent_point
    from ranked
)

select * from final
