with accounts as (
    select * from {{ ref('int_value__accounts') }}
),

harm as (
    select * from {{ ref('int_value__admin_harm') }}
),

policies as (
    select * from {{ ref('int_guardrails__policies') }}
),

-- The account can be lost once only: the sum over its admins bounds the probability, whatever they have in common.
final as (
    select
        policies.policy_id,
        accounts.account_id,
        coalesce(policies.value_per_conversion_usd, accounts.value_per_conversion_usd) as value_per_conversion_usd,
        case
            when policies.value_per_conversion_usd is not null then 0.0
            else round(least(
                coalesce(harm.expected_harmed_admins, 0.0) * accounts.loss_per_harmed_admin_usd, accounts.loss_if_churned_usd
            ), 6)
        end as expected_churn_cost_usd
    from accounts
    cross join policies
    left join harm on policies.policy_id = harm.policy_id and accounts.account_id = harm.account_id
)

select * from final
