with curve as (
    select * from {{ ref('int_policy__budget_curve') }}
    where population = 'today'
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

final as (
    select
        curve.value_rank,
        curve.account_id,
        curve.net_value_usd,
        curve.cumulative_net_value_usd,
        curve.share_of_accounts,
        curve.share_of_value,
        curve.random_share_of_value,
        curve.is_eighty_percent_point
    from curve
    cross join gate
)

select * from final
