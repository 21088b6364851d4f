{{ config(materialized='view') }}

with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today'
),

inputs as (
    select * from {{ ref('int_uplift__inputs') }}
    where population = 'today'
),

-- Predicted Sleeping Dogs decide for a toxic account, all users for any other.
final as (
    select
        inputs.*,
        decisions.decision,
        case when decisions.decision = 'target' then 1 else -1 end as direction,
        users.lift
    from decisions
    inner join users on decisions.policy_id = users.policy_id and decisions.account_id = users.account_id
    inner join inputs on users.user_id = inputs.user_id
    where
        decisions.decision not in ('suppress_toxic_admin', 'suppress_toxic_users')
        or (decisions.decision = 'suppress_toxic_users' and users.is_sleeping_dog)
        or (decisions.decision = 'suppress_toxic_admin' and users.is_sleeping_dog and users.is_admin)
)

select * from final
