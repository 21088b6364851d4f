-- Ephemeral, so that no copy of the truth stays in the warehouse.
{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with truth as (
    select
        user_id,
        latent_uplift_group,
        true_lift
    from {{ truth_or_nothing(source('truth', 'latent_uplift_groups_hidden')) }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

policies as (
    select * from {{ ref('int_guardrails__policies') }}
),

decisions as (
    select * from {{ ref('account_policy') }}
),

nudges as (
    select * from {{ ref('int_policy__nudges') }}
),

final as (
    select
        policies.policy_id,
        scores.user_id,
        scores.account_id,
        truth.latent_uplift_group as true_group,
        truth.true_lift,
        scores.raw_lift,
        decisions.decision,
        nudges.user_id is not null as is_nudged
    from truth
    inner join scores on truth.user_id = scores.user_id
    cross join policies
    inner join decisions on policies.policy_id = decisions.policy_id and scores.account_id = decisions.account_id
    left join nudges on policies.policy_id = nudges.policy_id and scores.user_id = nudges.user_id
    where scores.has_observed_outcome or policies.counts_unobserved_users
)

select * from final
