{% set versions = ['is_shipped', 'data_fingerprint', 'policy_version', 'model_version', 'code_version'] -%}
{% set columns = compared_columns().split(', ') + versions -%}

with this_build as (
    select * from {{ ref('int_build__ledger_entries') }}
),

ledger as (
    select * from {{ source('published', 'policy_decisions_ledger') }}
),

this_id as (
    select distinct build_id from this_build
),

-- The build recorded just before this one, whether or not this one is recorded yet.
this_number as (
    select max(ledger.build_number) as build_number
    from ledger
    inner join this_id on ledger.build_id = this_id.build_id
),

previous as (
    select max_by(ledger.build_id, ledger.build_number) as build_id
    from ledger
    cross join this_number
    where this_number.build_number is null or ledger.build_number < this_number.build_number
    having count(*) > 0
),

final as (
    select
        {% for column in columns %}
        {{ column }},
        {% endfor %}
        true as is_this_build
    from this_build
    union all
    select
        {% for column in columns %}
        ledger.{{ column }},
        {% endfor %}
        false as is_this_build
    from ledger
    inner join previous on ledger.build_id = previous.build_id
)

select * from final
