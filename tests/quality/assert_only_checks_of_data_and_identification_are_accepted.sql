-- Nobody can accept a check that does not exist, nor one of the model: what cannot be ranked must not be. A delivery is accepted
-- by ACCEPT_CHANGES instead.
with accepted as (
    select * from {{ ref('accepted_checks') }}
),

checks as (
    select * from {{ ref('checks') }}
),

final as (
    select accepted.check_id
    from accepted
    left join checks on accepted.check_id = checks.check_id
    where coalesce(checks.check_group not in ('data', 'identification'), true)
)

select * from final
