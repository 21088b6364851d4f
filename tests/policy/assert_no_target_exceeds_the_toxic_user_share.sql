-- POL-03: No target has more predicted Sleeping Dogs than the policy tolerates. Recounted from the scores.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where decision = 'target' and {{ is_in_scope() }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

users as (
    select
        decisions.campaign_id,
        decisions.policy_id,
        decisions.account_id,
        decisions.toxic_user_share_limit,
        decisions.min_toxic_users,
        scores.lift + {{ normal_quantile('decisions.harm_confidence') }} * scores.lift_se
        < decisions.sleeping_dog_lift_threshold as is_sleeping_dog
    from decisions
    inner join scores on decisions.campaign_id = scores.campaign_id and decisions.account_id = scores.account_id
    where scores.has_observed_outcome or decisions.counts_unobserved_users or scores.population = 'today'
),

final as (
    select
        campaign_id,
        policy_id,
        account_id,
        count(*) filter (where is_sleeping_dog) as n_sleeping_dogs
    from users
    group by campaign_id, policy_id, account_id, toxic_user_share_limit, min_toxic_users
    -- In whole millionths, so a share equal to the limit does not exceed it.
    having
        1000000 * count(*) filter (where is_sleeping_dog) > cast(round(1e6 * toxic_user_share_limit) as bigint) * count(*)
        and count(*) filter (where is_sleeping_dog) >= min_toxic_users
)

select * from final
