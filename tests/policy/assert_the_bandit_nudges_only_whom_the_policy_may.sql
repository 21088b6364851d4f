-- POL-25: The bandit acts only on users with positive lift in the shipped policy's targets, on no predicted Sleeping Dog, and on
-- nobody in the global holdout. A policy that nudges everybody in its targets only requires lift to be known. Recomputed from
-- decisions and scores.
with contexts as (
    select * from {{ ref('int_campaign__bandit_contexts') }}
    where not is_held_back or segment <> 'held_back'
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today'
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'today'
),

assignments as (
    select * from {{ ref('int_campaign__assignments') }}
),

final as (
    select contexts.user_id
    from contexts
    left join decisions on contexts.account_id = decisions.account_id
    left join scores on contexts.user_id = scores.user_id
    left join assignments on contexts.account_id = assignments.account_id
    where
        not coalesce(
            decisions.decision = 'target'
            and scores.lift is not null
            and (
                decisions.nudges_everybody
                or (
                    scores.lift > 0
                    and scores.lift + {{ normal_quantile('decisions.harm_confidence') }} * scores.lift_se
                    >= decisions.sleeping_dog_lift_threshold
                )
            )
            and not assignments.is_global_control,
            false
        )
)

select * from final
