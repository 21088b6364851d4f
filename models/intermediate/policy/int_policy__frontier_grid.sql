with policies as (
    select * from {{ ref('int_policy__policies') }}
    where is_shipped
),

thresholds as (
    select * from {{ ref('sleeping_dog_thresholds') }}
),

points as (
    select
        thresholds.sleeping_dog_lift_threshold,
        cast(confidences.confidence as double) as harm_confidence
    from thresholds
    cross join (values (0.5), (0.75), (0.9)) as confidences (confidence)
    union
    select sleeping_dog_lift_threshold, harm_confidence from policies
),

final as (
    select
        'threshold ' || cast(points.sleeping_dog_lift_threshold as string)
        || ', confidence ' || cast(points.harm_confidence as string) as point_id,
        points.sleeping_dog_lift_threshold,
        points.harm_confidence,
        {{ normal_quantile('points.harm_confidence') }} as harm_quantile,
        points.sleeping_dog_lift_threshold = policies.sleeping_dog_lift_threshold
        and points.harm_confidence = policies.harm_confidence as is_shipped,
        policies.policy_id,
        policies.toxic_user_share_limit,
        policies.min_toxic_users,
        policies.doubt_limit
    from points
    cross join policies
)

select * from final
