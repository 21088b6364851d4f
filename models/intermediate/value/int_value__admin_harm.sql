with admins as (
    select * from {{ ref('int_guardrails__users') }}
    where is_admin
),

policies as (
    select * from {{ ref('int_guardrails__policies') }}
    where value_per_conversion_usd is null
),

-- Who is not known to be harmless counts as harmed.
harm as (
    select
        admins.policy_id,
        admins.account_id,
        coalesce(
            case
                when admins.lift_se > 0
                    then {{ normal_cdf('((policies.sleeping_dog_lift_threshold - admins.lift) / admins.lift_se)') }}
            end, 1.0
        ) as harm_probability
    from admins
    inner join policies on admins.policy_id = policies.policy_id
),

-- Billionths, so that the sum does not depend on the order of addition.
final as (
    select
        policy_id,
        account_id,
        {{ sum_int('cast(round(1e9 * harm_probability) as bigint)') }} / 1e9 as expected_harmed_admins
    from harm
    group by 1, 2
)

select * from final
