with accounts as (
    select * from {{ ref('stg_accounts') }}
),

users as (
    select * from {{ ref('int_scoring__users') }}
),

policies as (
    select * from {{ ref('int_scoring__policy') }}
),

-- As published; an account that no build has priced yet is suppressed.
prices as (
    select
        policy_id,
        account_id,
        value_per_conversion_usd,
        expected_churn_cost_usd
    from {{ ref('account_policy') }}
    where is_shipped
),

{{ account_evidence() }}

select * from final
