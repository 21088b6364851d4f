-- Every published policy table reads this row. dbt builds it only after the tests of all that is named here have passed,
-- and it refuses to come about where a blocking check of the model or of the raw tables did not pass: every published table then
-- stays as the last good build left it.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

identity as (
    select * from {{ ref('int_build__identity') }}
),

blocking as (
    select * from {{ ref('int_evaluation__verdicts') }}
    where is_blocking and verdict in ('fail', 'unknown')
),

failed as (
    select
        count(*) as n_failed,
        {{ join_rows("check_id || ' ' || question || ' ' || coalesce(cast(value as string), 'unknown') || ', needed '
            || replace(comparison, '_', ' ') || ' ' || cast(warn_limit as string)", '; ', 'check_id') }} as reasons
    from blocking
    where check_group <> 'delivery'
),

drifted as (
    select
        count(*) as n_drifted,
        {{ join_rows("check_id || ' of ' || subject || ' ' || cast(value as string) || ', allowed '
            || cast(warn_limit as string)", '; ', "check_id || ' of ' || subject") }} as reasons
    from blocking
    where check_group = 'delivery'
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
        identity.build_id,
        n_decisions.n_decisions,
        n_nudges.n_nudges
    from n_decisions
    cross join n_nudges
    cross join identity
    cross join failed
    cross join drifted
    where
        case
            when failed.n_failed = 0 and drifted.n_drifted = 0 then true
            else {{ raise_error("'Nothing was published, and the lists of the last good build stay as they were'
                || coalesce(', since the data changed too much: ' || drifted.reasons || '. What to do about it: select subject, '
                || 'remedy from candidate_marts.verdicts where verdict = ''fail''; if the change is meant, build with '
                || 'ACCEPT_CHANGES=1 (dbt: --vars ''deliveries: accept'')', '')
                || coalesce(', since the model may not be trusted: ' || failed.reasons || '. What to do about it: select '
                || 'check_id, remedy from candidate_marts.verdicts where verdict <> ''pass''', '')") }}
        end
)

select * from final
