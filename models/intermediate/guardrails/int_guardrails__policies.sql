with policies as (
    select * from {{ ref('policy_parameters') }}
),

evidence as (
    select * from {{ ref('int_guardrails__harm_evidence') }}
),

ranked as (
    select
        sleeping_dog_lift_threshold,
        z,
        row_number() over (
            partition by left_out_fold
            order by z asc nulls last, sleeping_dog_lift_threshold desc
        ) as firmness_rank
    from evidence
),

-- Where the data show nobody harmed, every negative estimate counts: unknown means safe.
votes as (
    select case when z <= -1.96 then sleeping_dog_lift_threshold else 0.0 end as sleeping_dog_lift_threshold
    from ranked
    where firmness_rank = 1
),

chosen as (
    select
        coalesce(
            percentile_disc(0.5) within group (order by sleeping_dog_lift_threshold desc), 0.0
        ) as sleeping_dog_lift_threshold
    from votes
),

final as (
    select
        policies.policy_id,
        policies.is_shipped,
        policies.value_per_conversion_usd,
        policies.cost_per_account_usd,
        policies.cost_per_nudge_usd,
        coalesce(policies.sleeping_dog_lift_threshold, chosen.sleeping_dog_lift_threshold) as sleeping_dog_lift_threshold,
        policies.harm_confidence,
        policies.toxic_user_share_limit,
        policies.min_toxic_users,
        policies.min_scored_users,
        policies.counts_unobserved_users
    from policies
    cross join chosen
)

select * from final
