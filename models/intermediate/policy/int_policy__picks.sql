with account_totals as (
    select * from {{ ref('int_policy__account_totals') }}
),

-- The response model gets as many accounts as the policy targets, so that it differs in whom it picks, not in how many.
final as (
    select policy_id, account_id, 'everybody' as strategy from account_totals where n_users > 0
    union all
    select policy_id, account_id, 'lift_only' as strategy from account_totals where net_value_usd > 0
    union all
    select policy_id, account_id, 'response_model' as strategy from account_totals where response_rank <= n_targets
    union all
    select policy_id, account_id, policy_id as strategy from account_totals where is_target
)

select * from final
