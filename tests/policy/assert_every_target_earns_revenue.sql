-- POL-04: No targeted account has an expected revenue of zero or less, whatever it costs: its nudges would do nothing or harm.
-- Added up anew from the scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

final as (
    select
        decisions.policy_id,
        decisions.account_id
    from decisions
    left join scores
        on
            decisions.account_id = scores.account_id
            and (scores.has_observed_outcome or decisions.counts_unobserved_users)
    where decisions.decision = 'target'
    group by 1, 2
    having coalesce(sum(scores.lift), 0) <= 0
)

select * from final
