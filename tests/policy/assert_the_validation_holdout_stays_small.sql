-- POL-20: At most 5% of the accounts suppressed for a toxic admin are nudged, whatever the parameters.
with nudges as (
    select * from {{ ref('int_campaign__user_assignments') }}
    where arm = 'treatment'
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped and decision = 'suppress_toxic_admin'
),

final as (
    select
        count(distinct nudges.account_id) as n_nudged,
        count(distinct decisions.account_id) as n_suppressed
    from decisions
    left join nudges on decisions.account_id = nudges.account_id
    having count(distinct nudges.account_id) > 0.05 * count(distinct decisions.account_id)
)

select * from final
