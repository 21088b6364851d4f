-- A refresh uses the policies behind the published lists; if the seed differs, a full build is needed.
with policies as (
    select
        parameters.*,
        -- Measured revenue replaces a fixed value.
        case
            when parameters.value_per_conversion_usd is not null
                then coalesce(scale.value_per_conversion_usd, parameters.value_per_conversion_usd)
        end as conversion_usd
    from {{ ref('policy_parameters') }} as parameters
    cross join {{ ref('int_uplift__outcome_scale') }} as scale
),

{% if var('refresh') %}
published as (
    select * from {{ source('published', 'policies') }}
),

changed as (
    {%- set policy_id = 'coalesce(policies.policy_id, published.policy_id)' %}
    select {{ join_rows(policy_id, ', ', policy_id) }} as policy_ids
    from policies
    full outer join published on policies.policy_id = published.policy_id
    left join {{ ref('sleeping_dog_thresholds') }} as candidates
        on published.sleeping_dog_lift_threshold = candidates.sleeping_dog_lift_threshold
    where
        published.sleeping_dog_lift_threshold
        is distinct from coalesce(policies.sleeping_dog_lift_threshold, candidates.sleeping_dog_lift_threshold, 0)
        {% for parameter in [
            'is_shipped', 'cost_per_account_usd', 'cost_per_nudge_usd', 'harm_confidence', 'toxic_user_share_limit', 'min_toxic_users',
            'min_scored_users', 'doubt_margin', 'nudge_support_floor', 'counts_unobserved_users', 'nudges_everybody',
        ] %}
        or policies.{{ parameter }} is distinct from published.{{ parameter }}
        {% endfor %}
        or coalesce(policies.conversion_usd, 0) <> coalesce(published.value_per_conversion_usd, 0)
),

final as (
    select published.*
    from published
    cross join changed
    where
        case
            when changed.policy_ids is null then true
            else {{ raise_error("'Nothing was refreshed: the published lists used other parameters for these policies of '
                || 'seeds/policy_parameters.csv: ' || changed.policy_ids || '. Run a full build, which uses them, or '
                || 'revert the change'") }}
        end
)
{% else %}
evidence as (
    select * from {{ ref('int_policy__threshold_harm') }}
),

strongest as (
    select min(z) as z from evidence
),

-- The most cautious threshold that a likelihood ratio test can't tell from the strongest; 0 without evidence, since
-- unknown suppresses.
chosen as (
    select
        case when max(strongest.z) <= -{{ margin(1) }} then max(evidence.sleeping_dog_lift_threshold) else 0.0 end
            as sleeping_dog_lift_threshold
    from strongest
    left join evidence
        on
            evidence.z < 0
            and evidence.z * evidence.z >= strongest.z * strongest.z - {{ margin(1) }} * {{ margin(1) }}
),

-- The doubt about past campaigns' users with positive lift.
doubts as (
    select
        lift_doubt,
        count(*) over (order by lift_doubt desc) as n_as_doubtful,
        count(*) over () as n_users
    from {{ ref('int_uplift__user_scores') }}
    where population = 'campaign' and lift > 0
),

-- Past campaigns say too little about users far more doubtful than theirs. A nudge requires a share of users to be as doubtful.
limits as (
    select
        policies.policy_id,
        round(max(policies.doubt_margin * doubts.lift_doubt), 9) as doubt_limit,
        max(doubts.lift_doubt) filter (where doubts.n_as_doubtful >= policies.nudge_support_floor * doubts.n_users)
            as nudge_doubt_limit
    from policies
    cross join doubts
    group by 1
),

final as (
    select
        policies.policy_id,
        policies.is_shipped,
        policies.conversion_usd as value_per_conversion_usd,
        policies.cost_per_account_usd,
        policies.cost_per_nudge_usd,
        coalesce(policies.sleeping_dog_lift_threshold, chosen.sleeping_dog_lift_threshold) as sleeping_dog_lift_threshold,
        policies.harm_confidence,
        {{ normal_quantile('policies.harm_confidence') }} as harm_quantile,
        policies.toxic_user_share_limit,
        policies.min_toxic_users,
        policies.min_scored_users,
        policies.doubt_margin,
        limits.doubt_limit,
        policies.nudge_support_floor,
        limits.nudge_doubt_limit,
        policies.counts_unobserved_users,
        policies.nudges_everybody
    from policies
    cross join chosen
    left join limits on policies.policy_id = limits.policy_id
)
{% endif %}

select * from final
