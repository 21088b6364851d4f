with account_totals as (
    select * from {{ ref('int_policy__account_totals') }}
),

-- The response model gets as many accounts as the policy targets, so that it differs in whom it picks, not in how many. All but
-- the policy itself nudge everybody in the accounts that they pick.
picked as (
    select *, 'everybody' as strategy from account_totals where n_users > 0
    union all
    select *, 'lift_only' as strategy from account_totals where net_value_of_everybody_usd > 0
    union all
    select *, 'response_model' as strategy from account_totals where response_rank <= n_targets
    union all
    select *, policy_id as strategy from account_totals where is_target
),

final as (
    select
        population,
        campaign_id,
        policy_id,
        account_id,
        strategy,
        strategy = policy_id as is_policy,
        value_per_conversion_usd,
        {%- for column in ['sum_lift{}', 'expected_revenue{}_usd', 'cost{}_usd', 'net_value{}_usd'] %}
        case when strategy = policy_id then {{ column.format('') }} else {{ column.format('_of_everybody') }} end
            as {{ column.format('') }},
        {%- endfor %}
        case when strategy = policy_id then n_nudged_users else n_scored_users end as n_nudged_users,
        n_sleeping_dog_admins,
        n_sleeping_dogs
    from picked
)

select * from final
