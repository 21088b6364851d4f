-- Every published policy table reads this row. It fails to build if a check blocks, and every published table then stays as the
-- last good build left it.
with identity as (
    select * from {{ ref('int_build__identity') }}
),

verdicts as (
    select * from {{ ref('int_evaluation__verdicts') }}
),

remarks as (
    select * from {{ ref('int_build__remarks') }}
),

accepted as (
    select {{ join_rows("check_id || ' (' || verdict || '): ' || accepted_reason", '; ', 'check_id') }} as accepted_checks
    from verdicts
    where is_accepted
),

decided as (
    select
        count(*) filter (where decision = 'target') = 0 as is_nobody,
        count(*) filter (where decision = 'suppress_unscored') as n_unscored,
        count(*) as n_accounts
    from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

-- A policy that treats all users the same needs no ranking. Neither do lists that nudge nobody, provided the harm is certain;
-- otherwise they might be empty just for lack of a model.
objections as (
    select verdicts.*
    from verdicts
    cross join remarks
    cross join decided
    where
        verdicts.is_blocking
        and not (
            verdicts.check_group = 'model'
            and (not remarks.needs_ranking or (decided.is_nobody and coalesce(remarks.effect_upper < 0, false)))
        )
),

failed as (
    select
        count(*) as n_failed,
        {{ join_rows('objection', '; ', 'check_id') }} as reasons,
        max(case when check_group = 'model' then 1 else 0 end) = 1 as is_unranked
    from objections
    where check_group <> 'delivery'
),

refused as (
    select coalesce(remarks.objection, case when not decided.is_nobody then remarks.objection_to_nudging end) as objection
    from remarks
    cross join decided
),

changed as (
    select
        count(*) as n_changed,
        {{ join_rows('objection', '; ', "check_id || ' of ' || subject") }} as reasons
    from objections
    where check_group = 'delivery'
),

final as (
    select
        identity.*,
        accepted.accepted_checks,
        case
            when decided.is_nobody and decided.n_unscored * 2 > decided.n_accounts
                then concat(
                    decided.n_unscored, ' of ', decided.n_accounts, ' accounts can''t be judged: see unseen_features in ',
                    'marts.user_uplift_scores for how their users differ from past campaigns. ', remarks.what_is_known
                )
            when decided.is_nobody then remarks.what_is_known
        end as why_nobody
    from identity
    cross join remarks
    cross join accepted
    cross join decided
    cross join failed
    cross join changed
    cross join refused
    where
        case
            when failed.n_failed = 0 and changed.n_changed = 0 and refused.objection is null then true
            else {{ raise_error("'Nothing was published, and the lists of the last good build stay as they were'
                || coalesce(', because the data changed too much: ' || changed.reasons || '. What to do about it: select subject, '
                || 'remedy from candidate_marts.verdicts where verdict = ''fail''; if the change is intended, build with '
                || 'ACCEPT_CHANGES=1 (dbt: --vars ''deliveries: accept'')', '')
                || coalesce(', because the policy ' || refused.objection, '')
                || coalesce(', because data or model can''t be trusted: ' || failed.reasons || case when failed.is_unranked then '. '
                || remarks.what_is_known else '' end || '. What to do about it: select '
                || 'check_id, remedy from candidate_marts.verdicts where verdict <> ''pass''', '')") }}
        end
)

select * from final
