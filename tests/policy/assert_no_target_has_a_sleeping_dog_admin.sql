-- POL-02: No target has an admin who is a predicted Sleeping Dog, since admins sign renewals. Recounted from the scores, with
-- users of unknown role as admins.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

final as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id,
        scores.user_id,
        scores.lift
    from decisions
    inner join scores on decisions.campaign_id = scores.campaign_id and decisions.account_id = scores.account_id
    left join users on scores.user_id = users.user_id
    where
        decisions.decision = 'target'
        and scores.lift + {{ normal_quantile('decisions.harm_confidence') }} * scores.lift_se
        < decisions.sleeping_dog_lift_threshold
        and coalesce(users.role_type, 'unknown') in ('admin', 'unknown')
        and (scores.has_observed_outcome or decisions.counts_unobserved_users or scores.population = 'today')
)

select * from final
