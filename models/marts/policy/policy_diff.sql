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

with entries as (
    select * from {{ ref('int_build__compared_entries') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today'
),

policies as (
    select distinct
        build_id,
        policy_id,
        is_shipped
    from entries
    where is_this_build
),

previous as (
    select distinct build_id from entries
    where not is_this_build
),

flipped as (
    select * from {{ flipped_decisions(pairs) }} as flipped
),

final as (
    select
        flipped.*,
        case when flipped.from_build_id = flipped.to_build_id then 'policies' else 'publications' end as comparison,
        policies.is_shipped,
        {{ known_by('accounts') }},
        decisions.reason
    from flipped
    inner join policies on flipped.to_policy_id = policies.policy_id
    left join accounts on flipped.account_id = accounts.account_id
    left join decisions on flipped.to_policy_id = decisions.policy_id and flipped.account_id = decisions.account_id
)

select * from final
