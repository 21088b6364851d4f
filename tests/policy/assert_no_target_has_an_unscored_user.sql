-- POL-01: No targeted account has a user without a finite score, and none is without users: unknown means safe.
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
    having count(scores.lift) < count(*)
)

select * from final
