with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

-- P(conversion given features) of a response model, by the law of total probability over the two arms. Of today's users, whom no
-- campaign assigned, it is that of the control arm.
responses as (
    select
        campaign_id,
        account_id,
        {{ exact_sum('p_control + coalesce(propensity, 0) * (p_treated - p_control)') }} as expected_responses
    from scores
    group by 1, 2
),

targets as (
    select
        campaign_id,
        policy_id,
        count(*) filter (where decision = 'target') as n_targets
    from decisions
    group by 1, 2
),

final as (
    select
        decisions.*,
        decisions.decision = 'target' as is_target,
        targets.n_targets,
        row_number() over (
            partition by decisions.campaign_id, decisions.policy_id
            order by round(responses.expected_responses, 6) desc nulls last, decisions.account_id asc
        ) as response_rank
    from decisions
    inner join targets on decisions.campaign_id = targets.campaign_id and decisions.policy_id = targets.policy_id
    left join responses on decisions.campaign_id = responses.campaign_id and decisions.account_id = responses.account_id
)

select * from final
