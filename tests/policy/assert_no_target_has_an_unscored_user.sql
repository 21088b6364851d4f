-- POL-01: No target has a user without a finite score and its error, an unsupported admin, or no users at all: unknown
-- suppresses. Support is required only today, and not of predicted Sleeping Dogs.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where decision = 'target' and {{ is_in_scope() }}
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

final as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id
    from decisions
    inner join policies on decisions.policy_id = policies.policy_id
    left join scores
        on
            decisions.campaign_id = scores.campaign_id
            and decisions.account_id = scores.account_id
            and (scores.has_observed_outcome or decisions.counts_unobserved_users or scores.population = 'today')
    left join users on scores.user_id = users.user_id
    group by 1, 2, 3
    having
        count(scores.lift + scores.lift_se) < count(*)
        or count(*) filter (
            where scores.population = 'today'
            and coalesce(users.role_type, 'unknown') in ('admin', 'unknown')
            and scores.lift + policies.harm_quantile * scores.lift_se >= policies.sleeping_dog_lift_threshold
            and coalesce(scores.lift_doubt > policies.doubt_limit, true)
        ) > 0
)

select * from final
