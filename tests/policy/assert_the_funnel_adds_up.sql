-- POL-15: The decisions of a policy's funnel add up to the accounts of the company.
with funnel as (
    select * from {{ ref('policy_funnel') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

n_accounts as (
    select count(*) as n_accounts
    from accounts
),

final as (
    select
        funnel.policy_id,
        sum(funnel.n_accounts) as n_in_funnel,
        n_accounts.n_accounts
    from funnel
    cross join n_accounts
    group by 1, 3
    having sum(funnel.n_accounts) <> n_accounts.n_accounts
)

select * from final
