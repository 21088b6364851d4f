with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'campaign'
),

picks as (
    select * from {{ ref('int_policy__picks') }}
    where population = 'campaign'
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

effects as (
    select * from {{ ref('int_policy__observed_effects') }}
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
