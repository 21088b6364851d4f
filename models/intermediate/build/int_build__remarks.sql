with known as (
    select * from {{ ref('int_policy__known_value') }}
),

accepted as (
    select {{ join_rows("check_id || ' (' || verdict || '): ' || accepted_reason", '; ', 'check_id') }} as accepted_checks
    from {{ ref('int_evaluation__verdicts') }}
    where is_accepted
),

decided as (
    select count(*) filter (where decision = 'target') as n_targets
    from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

final as (
    select
        accepted.accepted_checks,
        known.what_is_known,
        case when decided.n_targets = 0 then known.what_is_known end as why_nobody
    from known
    cross join accepted
    cross join decided
)

select * from final
