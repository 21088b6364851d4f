-- The rows publication appends to the record: this build's decisions, unless already recorded.
with entries as (
    select * from {{ ref('int_build__ledger_entries') }}
),

ledger as (
    select * from {{ source('published', 'policy_decisions_ledger') }}
),

numbered as (
    select coalesce(max(build_number), 0) + 1 as build_number
    from ledger
),

this_build as (
    select distinct build_id
    from entries
),

recorded as (
    select ledger.*
    from ledger
    inner join this_build on ledger.build_id = this_build.build_id
),

n_recorded as (
    select count(*) as n_recorded from recorded
),

-- A build id covers everything its decisions depend on, so a different decision under the same id is an error.
n_differing as (
    select count(*) as n_differing
    from entries
    full outer join recorded
        on
            entries.policy_id = recorded.policy_id
            and entries.account_id = recorded.account_id
            and entries.decision = recorded.decision
            and entries.n_sleeping_dogs = recorded.n_sleeping_dogs
            and coalesce(entries.net_value_usd, 0.0) = coalesce(recorded.net_value_usd, 0.0)
    where entries.account_id is null or recorded.account_id is null
),

final as (
    select
        numbered.build_number,
        entries.*
    from entries
    cross join numbered
    cross join n_recorded
    cross join n_differing
    where
        case
            when n_recorded.n_recorded = 0 then true
            when n_differing.n_differing = 0 then false
            else {{ raise_error("'Nothing was published: marts.policy_decisions_ledger holds other decisions under the id of "
                ~ "this build, ' || entries.build_id || ' (' || cast(n_differing.n_differing as string) || ' rows differ). The same "
                ~ "data, parameters and code give the same decisions: run dbt build to replace leftovers of an earlier run'") }}
        end
)

select * from final
