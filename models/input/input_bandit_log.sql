with final as (
    select
        round_number,
        user_id,
        account_id,
        segment,
        arm,
        propensity,
        reward_usd
    from {{ source('raw', 'bandit_log_raw') }}
)

select * from final
