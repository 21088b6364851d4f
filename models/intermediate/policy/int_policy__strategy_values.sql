with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'campaign'
),

picks as (
    select * from {{ ref('int_policy__picks') }}
    where population = 'campaign'
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'campaign'
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

effects as (
    select
        users.campaign_id,
        users.policy_id,
        users.account_id,
        count(*) as n_users,
        {{ exact_sum('dr_scores.dr_score', filter='users.is_nudged_in_target') }} as observed,
        {{ exact_sum('users.lift', filter='users.is_nudged_in_target') }} as predicted,
        {{ exact_sum('dr_scores.dr_score') }} as observed_of_everybody,
        {{ exact_sum('users.lift') }} as predicted_of_everybody
    from dr_scores
    inner join users on dr_scores.observation_id = users.observation_id
    group by 1, 2, 3
),

strategies as (
    select
        policies.policy_id,
        case strategy.strategy when 'policy' then policies.policy_id else strategy.strategy end as strategy
    from policies
    cross join (values ('policy'), ('nobody'), ('everybody'), ('response_model'), ('lift_only')) as strategy (strategy)
),

-- The policy nudges its nudge list, the other strategies everybody in their accounts.
final as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        strategies.strategy,
        decisions.account_id,
        {% for measure, column in {'observed': 'value_usd', 'predicted': 'predicted_value_usd'}.items() %}
        case
            when picks.account_id is null then 0.0
            else
                {{ dollars(
                    'coalesce(case when picks.is_policy then effects.' ~ measure ~ ' else effects.' ~ measure ~ '_of_everybody end, 0.0)',
                    'decisions.value_per_conversion_usd'
                ) }} - picks.cost_usd
        end as {{ column }},
        {% endfor %}
        coalesce(effects.n_users, 0) as n_users,
        picks.account_id is not null as is_picked
    from decisions
    inner join strategies using (policy_id)
    left join effects using (campaign_id, policy_id, account_id)
    left join picks using (campaign_id, policy_id, strategy, account_id)
)

select * from final
