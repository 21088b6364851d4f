-- POL-19: The campaign nudges only targets, explored accounts not worth their cost and, if the company opted in, accounts
-- suppressed for a toxic admin.
with nudges as (
    select * from {{ ref('int_campaign__user_assignments') }}
    where arm = 'treatment'
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today'
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

final as (
    select
        nudges.account_id,
        nudges.user_id
    from nudges
    cross join parameters
    left join decisions on nudges.account_id = decisions.account_id
    where
        decisions.decision is distinct from 'target'
        and not coalesce(
            parameters.exploration_share > 0 and decisions.decision in ('suppress_unprofitable', 'suppress_too_small'), false
        )
        and not coalesce(parameters.has_validation_holdout and decisions.decision = 'suppress_toxic_admin', false)
)

select * from final
