{%- set pairs -%}
    select
        previous.build_id as from_build_id,
        policies.policy_id as from_policy_id,
        policies.build_id as to_build_id,
        policies.policy_id as to_policy_id
    from policies
    cross join previous
    union all
    select
        shipped.build_id as from_build_id,
        shipped.policy_id as from_policy_id,
        candidates.build_id as to_build_id,
        candidates.policy_id as to_policy_id
    from policies as shipped
    inner join policies as candidates on shipped.is_shipped and not candidates.is_shipped
{%- endset -%}

with this_build as (
    select * from {{ ref('int_build__ledger_entries') }}
),

ledger as (
    select * from {{ source('published', 'policy_decisions_ledger') }}
),

policies as (
    select distinct
        build_id,
        policy_id,
        is_shipped
    from this_build
),

-- The build that was recorded just before this one, which itself may be recorded already or not yet.
this_number as (
    select max(ledger.build_number) as build_number
    from ledger
    inner join policies on ledger.build_id = policies.build_id
),

previous as (
    select max_by(ledger.build_id, ledger.build_number) as build_id
    from ledger
    cross join this_number
    where this_number.build_number is null or ledger.build_number < this_number.build_number
    having count(*) > 0
),

entries as (
    select {{ compared_columns() }} from this_build
    union all
    select {{ compared_columns('ledger') }}
    from ledger
    inner join previous on ledger.build_id = previous.build_id
),

final as (
    select * from {{ flipped_decisions(pairs) }} as flipped
)

select * from final
