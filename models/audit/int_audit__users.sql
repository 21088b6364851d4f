-- Ephemeral, so the warehouse keeps no copy of the truth.
-- depends_on: {{ source('truth', 'latent_uplift_groups_hidden') }}
-- depends_on: {{ source('truth', 'latent_uplift_today_hidden') }}

-- If nobody has changed since the campaigns, their truth still holds today.
with truth as (
    select
        'campaign' as population,
        user_id,
        latent_uplift_group,
        true_lift
    from {{ truth_or_nothing('latent_uplift_groups_hidden') }}
    union all
    select
        'today' as population,
        user_id,
        latent_uplift_group,
        true_lift
    from {{ truth_or_nothing('latent_uplift_today_hidden', otherwise='latent_uplift_groups_hidden') }}
),

users as (
    select * from {{ ref('int_policy__users') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

decisions as (
    select * from {{ ref('account_policy') }}
),

final as (
    select
        users.population,
        users.campaign_id,
        users.policy_id,
        users.is_shipped,
        users.observation_id,
        users.account_id,
        users.is_admin,
        truth.latent_uplift_group as true_group,
        truth.true_lift,
        scores.raw_lift,
        users.is_nudged_in_target,
        decisions.decision,
        decisions.decision = 'target' and users.is_nudged_in_target as is_nudged
    from truth
    inner join users on truth.population = users.population and truth.user_id = users.user_id
    inner join decisions using (campaign_id, policy_id, account_id)
    inner join scores on users.population = scores.population and users.observation_id = scores.observation_id
)

select * from final
