-- POL-05: No target loses money or is too small: the nudged users' lift is worth more than the cost, priced risk included, and
-- there are enough scored users. Recomputed from the scores.
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

nudged as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id,
        count(nudges.user_id) as n_nudged_users,
        coalesce(sum(scores.lift), 0) as sum_lift
    from decisions
    left join nudges using (campaign_id, policy_id, account_id)
    left join scores on nudges.population = scores.population and nudges.observation_id = scores.observation_id
    group by 1, 2, 3
),

final as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id
    from decisions
    inner join nudged using (campaign_id, policy_id, account_id)
    where
        decisions.n_scored_users < decisions.min_scored_users
        or nudged.sum_lift * decisions.value_per_conversion_usd
        <= decisions.cost_per_account_usd
        + decisions.cost_per_nudge_usd * nudged.n_nudged_users
        + decisions.expected_churn_cost_usd
)

select * from final
