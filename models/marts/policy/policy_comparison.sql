with picks as (
    select * from {{ ref('int_policy__picks') }}
),

policies as (
    {{ gated(ref('int_policy__policies')) }}
),

accounts as (
    select * from {{ ref('int_policy__account_values') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

nudged_sleeping_dogs as (
    select
        campaign_id,
        policy_id,
        account_id,
        count(*) as n_users,
        count(*) filter (where is_admin) as n_admins
    from nudges
    where is_sleeping_dog
    group by 1, 2, 3
),

-- The same accounts at their own lifetime prices, whatever the policy's.
priced as (
    select
        picks.*,
        {{ dollars('picks.sum_lift', 'accounts.value_per_conversion_usd') }} - policies.cost_per_account_usd
        - policies.cost_per_nudge_usd * picks.n_nudged_users - {{ churn_cost('picks.expected_admins_harmed', 'accounts') }}
            as lifetime_net_value_usd
    from picks
    inner join policies on picks.policy_id = policies.policy_id
    left join accounts on picks.account_id = accounts.account_id
),

totals as (
    select
        picks.population,
        picks.policy_id,
        picks.strategy,
        count(*) as n_accounts,
        {{ sum_int('picks.n_nudged_users') }} as n_nudged_users,
        {{ exact_sum('picks.sum_lift') }} as expected_conversions,
        {{ exact_sum_usd('picks.expected_revenue_usd') }} as expected_revenue_usd,
        {{ exact_sum_usd('picks.cost_usd') }} as cost_usd,
        {{ exact_sum_usd('picks.net_value_usd') }} as net_value_usd,
        {{ exact_sum_usd('picks.lifetime_net_value_usd') }} as lifetime_net_value_usd,
        {{ sum_int('case when picks.is_policy then coalesce(dogs.n_admins, 0) else picks.n_sleeping_dog_admins end') }}
            as n_admins_at_risk,
        {{ exact_sum('picks.expected_admins_harmed') }} as expected_admins_harmed,
        {{ sum_int('case when picks.is_policy then coalesce(dogs.n_users, 0) else picks.n_sleeping_dogs end') }}
            as n_sleeping_dogs_nudged
    from priced as picks
    left join nudged_sleeping_dogs as dogs
        on picks.campaign_id = dogs.campaign_id and picks.policy_id = dogs.policy_id and picks.account_id = dogs.account_id
    group by 1, 2, 3
),

strategies as (
    select
        populations.population,
        policies.policy_id,
        coalesce(strategy.strategy, policies.policy_id) as strategy
    from policies
    cross join (values ('campaign'), ('today')) as populations (population)
    cross join (values ('nobody'), ('everybody'), ('response_model'), ('lift_only'), (null)) as strategy (strategy)
),

final as (
    select
        strategies.population,
        strategies.policy_id,
        {% for total in [
            'n_accounts', 'n_nudged_users', 'expected_conversions', 'expected_revenue_usd', 'cost_usd', 'net_value_usd',
            'lifetime_net_value_usd', 'n_admins_at_risk', 'expected_admins_harmed', 'n_sleeping_dogs_nudged',
        ] %}
        coalesce(totals.{{ total }}, 0) as {{ total }},
        {% endfor %}
        strategies.strategy
    from strategies
    left join totals using (population, policy_id, strategy)
)

select * from final
