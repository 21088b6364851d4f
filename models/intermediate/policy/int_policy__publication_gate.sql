-- Every published policy table reads this row, and dbt builds it only after the tests of all that is named here have
-- passed. A broken invariant therefore leaves every published table as the last good build left it.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

n_decisions as (
    select count(*) as n_decisions
    from decisions
),

n_nudges as (
    select count(*) as n_nudges
    from nudges
),

final as (
    select
        n_decisions.n_decisions,
        n_nudges.n_nudges
    from n_decisions
    cross join n_nudges
)

select * from final
