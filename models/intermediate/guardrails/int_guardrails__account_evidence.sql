with accounts as (
    select * from {{ ref('stg_accounts') }}
),

users as (
    select * from {{ ref('int_guardrails__users') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

prices as (
    select * from {{ ref('int_value__account_prices') }}
),

{{ account_evidence() }}

select * from final
