-- POL-15: A policy's funnel adds up to all accounts, today and for each past campaign.
with funnel as (
    select * from {{ ref('policy_funnel') }}
    {{ where_in_scope() }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

campaigns as (
    select distinct
        population,
        campaign_id
    from {{ ref('int_features__spine') }}
),

n_accounts as (
    select
        campaigns.population,
        count(*) as n_accounts
    from accounts
    cross join campaigns
    group by 1
),

final as (
    select
        funnel.population,
        funnel.policy_id,
        sum(funnel.n_accounts) as n_in_funnel,
        n_accounts.n_accounts
    from funnel
    inner join n_accounts on funnel.population = n_accounts.population
    group by 1, 2, 4
    having sum(funnel.n_accounts) <> n_accounts.n_accounts
)

select * from final
