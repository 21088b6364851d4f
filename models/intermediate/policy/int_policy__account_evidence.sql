with accounts as (
    select * from {{ ref('int_policy__account_values') }}
),

users as (
    select * from {{ ref('int_policy__users') }}
    {{ where_in_scope() }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

campaigns as (
    select distinct
        population,
        campaign_id
    from {{ ref('int_features__spine') }}
    {{ where_in_scope() }}
),

by_account as (
    select
        population,
        campaign_id,
        policy_id,
        account_id,
        count(*) as n_users,
        count(*) filter (where is_scored) as n_scored_users,
        count(*) filter (where is_admin) as n_admins,
        count(*) filter (where not is_supported) as n_unsupported_users,
        count(*) filter (where is_admin and not is_supported) as n_unsupported_admins,
        count(*) filter (where is_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where is_sleeping_dog and is_admin) as n_sleeping_dog_admins,
        count(*) filter (where is_nudged_in_target) as n_nudged_users,
        {{ exact_sum('lift', filter='is_nudged_in_target') }} as sum_lift,
        {{ exact_sum('lift', filter='is_scored') }} as sum_lift_of_everybody,
        {{ exact_sum('harm_probability', filter='is_admin and is_nudged_in_target') }} as harmed_admins,
        {{ exact_sum('harm_probability', filter='is_admin') }} as harmed_admins_of_everybody
    from users
    group by 1, 2, 3, 4
),

-- Every account has a row for every policy, so one without evidence is suppressed, not forgotten. If none of its scored users is
-- to be nudged, its revenue is zero.
priced as (
    select
        campaigns.population,
        campaigns.campaign_id,
        policies.policy_id,
        accounts.account_id,
        {% for group in [
            'users', 'scored_users', 'admins', 'unsupported_users', 'unsupported_admins', 'sleeping_dogs', 'sleeping_dog_admins', 'nudged_users',
        ] %}
        coalesce(by_account.n_{{ group }}, 0) as n_{{ group }},
        {% endfor %}
        {{ safe_divide('by_account.n_sleeping_dogs', 'by_account.n_scored_users') }} as sleeping_dog_share,
        case when by_account.n_scored_users > 0 then coalesce(by_account.sum_lift, 0.0) end as sum_lift,
        by_account.sum_lift_of_everybody,
        coalesce(by_account.harmed_admins, 0.0) as expected_admins_harmed,
        coalesce(by_account.harmed_admins_of_everybody, 0.0) as expected_admins_harmed_of_everybody,
        coalesce(policies.value_per_conversion_usd, accounts.value_per_conversion_usd) as value_per_conversion_usd,
        {% for suffix in ['', '_of_everybody'] %}
        case
            when policies.value_per_conversion_usd is not null then 0.0
            else {{ churn_cost('coalesce(by_account.harmed_admins' ~ suffix ~ ', 0.0)', 'accounts') }}
        end as expected_churn_cost{{ suffix }}_usd,
        {% endfor %}
        policies.cost_per_account_usd,
        policies.cost_per_nudge_usd,
        policies.toxic_user_share_limit,
        policies.min_toxic_users,
        policies.min_scored_users
    from accounts
    cross join campaigns
    cross join policies
    left join by_account using (population, campaign_id, policy_id, account_id)
),

costed as (
    select
        *,
        {{ dollars('sum_lift', 'value_per_conversion_usd') }} as expected_revenue_usd,
        {{ dollars('sum_lift_of_everybody', 'value_per_conversion_usd') }} as expected_revenue_of_everybody_usd,
        cost_per_account_usd + cost_per_nudge_usd * n_nudged_users + expected_churn_cost_usd as cost_usd,
        cost_per_account_usd + cost_per_nudge_usd * n_scored_users + expected_churn_cost_of_everybody_usd as cost_of_everybody_usd
    from priced
),

final as (
    select
        *,
        round(expected_revenue_usd - cost_usd, 6) as net_value_usd,
        round(expected_revenue_of_everybody_usd - cost_of_everybody_usd, 6) as net_value_of_everybody_usd
    from costed
)

select * from final
