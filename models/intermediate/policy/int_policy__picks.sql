with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    {{ where_in_scope() }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    {{ where_in_scope() }}
),

-- P(conversion | features) of a response model, by the law of total probability over the arms. Today's users are in no
-- campaign yet and get the control arm's.
responses as (
    select
        campaign_id,
        account_id,
        {{ exact_sum('p_control + coalesce(propensity, 0) * (p_treated - p_control)') }} as expected_responses
    from scores
    group by 1, 2
),

-- A sum, since DuckDB takes quadratic time for a filtered count beside a rank.
ranked as (
    select
        decisions.*,
        sum(cast(decisions.decision = 'target' as int)) over (partition by decisions.campaign_id, decisions.policy_id)
            as n_targets,
        row_number() over (
            partition by decisions.campaign_id, decisions.policy_id
            order by round(responses.expected_responses, 6) desc nulls last, decisions.account_id asc
        ) as response_rank
    from decisions
    left join responses on decisions.campaign_id = responses.campaign_id and decisions.account_id = responses.account_id
),

-- The response model picks as many accounts as the policy, so that only the choice differs. All strategies but the policy nudge
-- everybody in their accounts.
picked as (
    select *, 'everybody' as strategy from ranked where n_users > 0
    union all
    select *, 'lift_only' as strategy from ranked where net_value_of_everybody_usd > 0
    union all
    select *, 'response_model' as strategy from ranked where response_rank <= n_targets
    union all
    select *, policy_id as strategy from ranked where decision = 'target'
),

final as (
    select
        population,
        campaign_id,
        policy_id,
        account_id,
        strategy,
        strategy = policy_id as is_policy,
        {%- for column in ['sum_lift{}', 'expected_revenue{}_usd', 'cost{}_usd', 'net_value{}_usd'] %}
        case when strategy = policy_id then {{ column.format('') }} else {{ column.format('_of_everybody') }} end
            as {{ column.format('') }},
        {%- endfor %}
        case when strategy = policy_id then n_nudged_users else n_scored_users end as n_nudged_users,
        n_sleeping_dog_admins,
        n_sleeping_dogs,
        case when strategy = policy_id then expected_admins_harmed else expected_admins_harmed_of_everybody end
            as expected_admins_harmed
    from picked
)

select * from final
