-- Every published policy table reads this row. dbt builds it only after the tests of all that is named here have passed,
-- and it refuses to come about where a blocking verdict failed: every published table then stays as the last good build
-- left it.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

failed as (
    select
        count(*) as n_failed,
        {{ join_rows("verdict_id || ' ' || question || ' ' || coalesce(cast(value as string), 'unknown') || ', needed '
            || replace(comparison, '_', ' ') || ' ' || cast(warn_limit as string)", '; ', 'verdict_id') }} as reasons
    from {{ ref('model_verdicts') }}
    where is_blocking and verdict = 'fail'
),

identity as (
    select * from {{ ref('int_build__identity') }}
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
    where
        case
            when failed.n_failed = 0 then true
            else {{ raise_error("'Nothing was published, and the lists of the last good build stay as they were, since the '
                || 'model may not be trusted: ' || failed.reasons || '. What to do about it: select verdict_id, remedy from '
                || 'marts.model_verdicts'") }}
        end
)

select * from final
