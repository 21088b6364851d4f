-- Only existing checks of data and identification can be accepted: a model that can't rank must not be used to rank, and
-- deliveries are accepted with ACCEPT_CHANGES.
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
