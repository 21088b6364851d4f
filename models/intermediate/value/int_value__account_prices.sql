with accounts as (
    select * from {{ ref('int_value__accounts') }}
),

users as (
    select * from {{ ref('int_guardrails__users') }}
    where is_admin
),

policies as (
    select * from {{ ref('int_guardrails__policies') }}
),

-- Who is not known to be harmless counts as harmed.
admins as (
    select
        users.policy_id,
        users.account_id,
        coalesce(
            case
                when users.lift_se > 0
                    then {{ normal_cdf('((policies.sleeping_dog_lift_threshold - users.lift) / users.lift_se)') }}
            end, 1.0
        ) as harm_probability
    from users
    inner join policies on users.policy_id = policies.policy_id
    where policies.value_per_conversion_usd is null
),

harm as (
    select
        policy_id,
        account_id,
        -- Billionths, so that the sum does not depend on the order of addition.
        {{ sum_int('cast(round(1e9 * harm_probability) as bigint)') }} / 1e9 as expected_harmed_admins
    from admins
    group by 1, 2
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
