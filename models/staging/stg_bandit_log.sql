with final as (
    select
        round_number,
        user_id,
        account_id,
        segment,
        arm,
        propensity,
        reward_usd
    from {{ ref('input_bandit_log') }}
)

select * from final
