{#- The guardrails' arithmetic, asked of the past campaign's users and of today's alike. -#}

{#- Whether a policy takes a user for a Sleeping Dog. Without a standard error the estimate itself decides, so that nobody passes
    for harmless because doubt is unknown. -#}
{% macro is_sleeping_dog(scores, policies) -%}
    {{ scores }}.lift + {{ policies }}.harm_quantile * coalesce({{ scores }}.lift_se, 0.0)
    < {{ policies }}.sleeping_dog_lift_threshold
{%- endmacro %}

{#- CTEs from scored users (`users`) and `prices` to the evidence on every account of `accounts` under every policy of `policies`. -#}
{% macro account_evidence() -%}
by_account as (
    select
        policy_id,
        account_id,
        count(*) as n_users,
        count(lift) as n_scored_users,
        count(*) filter (where is_admin) as n_admins,
        count(*) filter (where is_sleeping_dog) as n_sleeping_dogs,
        count(*) filter (where is_sleeping_dog and is_admin) as n_sleeping_dog_admins,
        -- Billionths, so that the sum does not depend on the order of addition.
        {{ sum_int('cast(round(lift * 1e9) as bigint)') }} / 1e9 as sum_lift
    from users
    group by 1, 2
),

-- Every account of every policy has a row, since one without evidence must be suppressed, not forgotten.
final as (
    select
        policies.policy_id,
        accounts.account_id,
        coalesce(by_account.n_users, 0) as n_users,
        coalesce(by_account.n_scored_users, 0) as n_scored_users,
        coalesce(by_account.n_admins, 0) as n_admins,
        coalesce(by_account.n_sleeping_dogs, 0) as n_sleeping_dogs,
        coalesce(by_account.n_sleeping_dog_admins, 0) as n_sleeping_dog_admins,
        {{ safe_divide('by_account.n_sleeping_dogs', 'by_account.n_scored_users') }} as sleeping_dog_share,
        by_account.sum_lift,
        {{ dollars('by_account.sum_lift', 'prices.value_per_conversion_usd') }} as expected_revenue_usd,
        policies.cost_per_account_usd
        + policies.cost_per_nudge_usd * coalesce(by_account.n_users, 0)
        + prices.expected_churn_cost_usd as cost_usd,
        round(
            {{ dollars('by_account.sum_lift', 'prices.value_per_conversion_usd') }}
            - policies.cost_per_account_usd
            - policies.cost_per_nudge_usd * by_account.n_users
            - prices.expected_churn_cost_usd, 6
        ) as net_value_usd,
        prices.value_per_conversion_usd,
        prices.expected_churn_cost_usd,
        policies.toxic_user_share_limit,
        policies.min_toxic_users,
        policies.min_scored_users
    from accounts
    cross join policies
    left join prices
        on accounts.account_id = prices.account_id and policies.policy_id = prices.policy_id
    left join by_account
        on accounts.account_id = by_account.account_id and policies.policy_id = by_account.policy_id
)
{%- endmacro %}

{% macro guardrails() -%}
    {{ return(['unscored', 'toxic_admin', 'toxic_users', 'unprofitable', 'too_small']) }}
{%- endmacro %}

{#- When a guardrail is triggered, said of an account's evidence. -#}
{% macro guardrail_is_triggered(guardrail) -%}
    {{ return({
        'unscored': 'n_scored_users < n_users or n_scored_users = 0',
        'toxic_admin': 'n_sleeping_dog_admins > 0',
        'toxic_users': 'coalesce(sleeping_dog_share > toxic_user_share_limit and n_sleeping_dogs >= min_toxic_users, true)',
        'unprofitable': 'coalesce(expected_revenue_usd <= 0, true)',
        'too_small': 'coalesce(net_value_usd <= 0, true) or n_scored_users < min_scored_users',
    }[guardrail]) }}
{%- endmacro %}
