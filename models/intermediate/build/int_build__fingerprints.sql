-- Everything a decision depends on: today's users and accounts, the policies, and the model's parameters and training data.
-- Staged rows stand for raw tables, since only they reach a decision.
{% set tables = {
    'data': [
        (ref('stg_accounts'), none), (ref('stg_users'), none), (ref('int_features__users'), "population = 'today'"),
        (ref('int_features__own'), "population = 'today'"), (ref('int_features__nudges'), "population = 'today'"),
        (ref('stg_campaign_events'), none),
    ],
    'policy': [
        (ref('int_policy__policies'), none), (ref('guardrail_rules'), none), (ref('checks'), none), (ref('accepted_checks'), none),
        (ref('campaign_parameters'), none), (ref('momentum_parameters'), none), (ref('plan_values'), none),
    ],
    'model': [(ref('int_uplift__inputs'), "population = 'campaign'"), (ref('learner_parameters'), none)],
} %}

{% for part, relations in tables.items() %}
{% set is_last_part = loop.last %}
{% for relation, condition in relations %}
select
    '{{ part }}' as part,
    '{{ relation.identifier }}' as table_name,
    fingerprint
from ({{ fingerprint(relation, condition) }}) as {{ relation.identifier }}_fingerprint
{{ 'union all' if not (is_last_part and loop.last) }}
{% endfor %}
{% endfor %}
