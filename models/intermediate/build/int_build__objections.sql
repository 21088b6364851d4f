with blocking as (
    select * from {{ ref('int_evaluation__verdicts') }}
    where is_blocking
),

known as (
    select * from {{ ref('int_policy__known_value') }}
),

decided as (
    select count(*) filter (where decision = 'target') as n_targets
    from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

-- Lists that nudge nobody rank nobody. That they are right takes a certain harm; else they would be empty for want of a model.
situation as (
    select
        known.*,
        decided.n_targets,
        coalesce(decided.n_targets = 0 and known.effect_upper < 0, false) as is_harm_proven
    from known
    cross join decided
),

objections as (
    select
        blocking.check_id,
        blocking.check_group,
        blocking.subject,
        blocking.question,
        blocking.value,
        blocking.comparison,
        blocking.warn_limit as needed
    from blocking
    cross join situation
    where blocking.check_group <> 'model' or (situation.needs_ranking and not situation.is_harm_proven)
    union all
    -- Who nudges without telling users apart must show that it pays.
    select
        'policy_gain_usd_lower',
        'policy',
        policy_id,
        'What does a policy that ranks nobody gain at least (lower end of the 95% interval)?',
        policy_gain_usd_lower,
        'at_least',
        0.0
    from situation
    where not needs_ranking and not is_harm_proven and not coalesce(policy_gain_usd_lower > 0, false)
),

final as (
    select
        check_id,
        check_group,
        subject,
        value,
        needed,
        case
            when check_group = 'delivery'
                then check_id || ' of ' || subject || ' ' || coalesce(cast(value as string), 'unknown') || ', allowed '
            else
                check_id || ' ' || question || ' ' || coalesce(cast(value as string), 'unknown') || ', needed '
                || replace(comparison, '_', ' ') || ' '
        end || cast(needed as string) as objection
    from objections
)

select * from final
