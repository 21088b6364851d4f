with targets as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and decision = 'target'
),

ranked as (
    select
        population,
        campaign_id,
        policy_id,
        account_id,
        net_value_usd,
        cast(row_number() over one_campaign as bigint) as value_rank,
        count(*) over (partition by population) as n_targets,
        sum({{ millionths('net_value_usd') }}) over one_campaign / 1e6 as cumulative_net_value_usd,
        sum({{ millionths('net_value_usd') }}) over (partition by population) / 1e6 as total_net_value_usd
    from targets
    window one_campaign as (partition by population order by net_value_usd desc, account_id asc, campaign_id asc)
),

shares as (
    select
        *,
        cast(value_rank as double) / n_targets as share_of_accounts,
        {{ safe_divide('cumulative_net_value_usd', 'total_net_value_usd') }} as share_of_value
    from ranked
),

final as (
    select
        population,
        campaign_id,
        value_rank,
        account_id,
        net_value_usd,
        cumulative_net_value_usd,
        share_of_accounts,
        share_of_value,
        -- Accounts drawn at random hold value in proportion to their number.
        share_of_accounts as random_share_of_value,
        share_of_value >= 0.8
        and coalesce(lag(share_of_value) over (partition by population order by value_rank) < 0.8, true)
            as is_eighty_percent_point
    from shares
)

select * from final
