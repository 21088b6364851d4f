-- As published, not as in the seed: a policy that no build has published decides nothing.
with decisions as (
    select * from {{ ref('account_policy') }}
    where is_shipped
),

final as (
    select distinct
        policy_id,
        cost_per_account_usd,
        cost_per_nudge_usd,
        sleeping_dog_lift_threshold,
        {{ normal_quantile('harm_confidence') }} as harm_quantile,
        toxic_user_share_limit,
        min_toxic_users,
        min_scored_users
    from decisions
)

select * from final
