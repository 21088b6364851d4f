-- POL-04: No target has an expected revenue of zero or less, whatever the cost: its nudges would do nothing or harm. Recomputed
-- from the nudged users' scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where decision = 'target' and {{ is_in_scope() }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

final as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id
    from decisions
    left join nudges using (campaign_id, policy_id, account_id)
    left join scores on nudges.population = scores.population and nudges.observation_id = scores.observation_id
    group by 1, 2, 3
    having coalesce(sum(scores.lift), 0) <= 0
)

select * from final
