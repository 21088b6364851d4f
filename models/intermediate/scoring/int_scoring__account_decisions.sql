with evidence as (
    select * from {{ ref('int_scoring__account_evidence') }}
),

rules as (
    select * from {{ ref('guardrail_rules') }}
),

triggered as (
    {% for guardrail in guardrails() %}
    select
        account_id,
        '{{ guardrail }}' as guardrail
    from evidence
    where coalesce({{ guardrail_is_triggered(guardrail) }}, true)
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

first_triggered as (
    select
        triggered.account_id,
        min_by(rules.decision, rules.precedence) as decision
    from triggered
    inner join rules on triggered.guardrail = rules.guardrail
    group by 1
),

final as (
    select
        evidence.policy_id,
        evidence.account_id,
        coalesce(first_triggered.decision, 'target') as decision,
        evidence.n_users,
        evidence.n_scored_users,
        evidence.n_sleeping_dogs,
        evidence.n_sleeping_dog_admins,
        evidence.net_value_usd
    from evidence
    left join first_triggered on evidence.account_id = first_triggered.account_id
)

select * from final
