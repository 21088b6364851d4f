with policies as (
    select * from {{ ref('int_policy__policies') }}
    where is_shipped
),

decisions as (
    select * from {{ ref('account_policy') }}
    where is_shipped
),

users as (
    select
        *,
        true_group = 'sleeping_dog' as is_true_sleeping_dog
    from {{ ref('int_audit__users') }}
),

true_accounts as (
    select
        users.population,
        users.campaign_id,
        users.account_id,
        {{ exact_sum('users.true_lift', filter='users.is_nudged_in_target') }} as true_lift,
        -- In a target the oracle nudges everybody with positive lift who is no Sleeping Dog.
        {{ exact_sum('users.true_lift', filter='users.true_lift > 0 and not users.is_true_sleeping_dog') }} as oracle_lift,
        count(*) filter (where users.true_lift > 0 and not users.is_true_sleeping_dog) as n_oracle_nudges,
        count(*) filter (where users.true_group = 'persuadable') as n_persuadables,
        count(*) filter (where users.true_group = 'persuadable' and users.is_nudged_in_target) as n_persuadables_helped,
        count(*) filter (where users.is_true_sleeping_dog and users.is_nudged_in_target) as n_sleeping_dogs_helped,
        count(*) filter (where users.is_true_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where users.is_true_sleeping_dog and users.is_admin) as n_sleeping_dog_admins,
        count(*) as n_users
    from users
    inner join policies on users.policy_id = policies.policy_id
    group by 1, 2, 3
),

-- The oracle knows every lift and group, and obeys the same guardrails.
final as (
    select
        true_accounts.*,
        decisions.decision = 'target' as is_target,
        coalesce(true_accounts.true_lift, 0.0) * decisions.value_per_conversion_usd - decisions.cost_usd as true_value_usd,
        coalesce(true_accounts.oracle_lift, 0.0) * decisions.value_per_conversion_usd
        - policies.cost_per_account_usd
        - policies.cost_per_nudge_usd * true_accounts.n_oracle_nudges as oracle_value_usd,
        true_accounts.n_sleeping_dog_admins = 0
        and not {{ is_toxic('true_accounts.n_sleeping_dogs', 'true_accounts.n_users', 'policies') }}
        and true_accounts.n_users >= policies.min_scored_users as passes_guardrails
    from true_accounts
    inner join decisions
        on true_accounts.campaign_id = decisions.campaign_id and true_accounts.account_id = decisions.account_id
    cross join policies
)

select * from final
