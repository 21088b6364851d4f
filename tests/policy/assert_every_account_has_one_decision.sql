-- POL-06: Every account has exactly one decision under every policy; one that is missing would be nudged by nobody's choice, and
-- two would contradict each other.
with accounts as (
    select * from {{ ref('stg_accounts') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
),

final as (
    select
        policies.policy_id,
        accounts.account_id,
        count(decisions.decision) as n_decisions
    from accounts
    cross join policies
    left join decisions
        on accounts.account_id = decisions.account_id and policies.policy_id = decisions.policy_id
    group by 1, 2
    having count(decisions.decision) <> 1
)

select * from final
