-- Activity counts by its windows, since nothing else of it reaches a decision.
{% set tables = {
    'data': [
        ref('stg_accounts'), ref('stg_users'), ref('stg_interventions'), ref('stg_outcomes'), ref('stg_campaign_events'),
        ref('int_features__retrospective_windows'), ref('int_features__prospective_windows'),
    ],
    'policy': [
        ref('policy_parameters'), ref('guardrail_rules'), ref('sleeping_dog_thresholds'), ref('verdict_rules'),
        ref('campaign_parameters'),
    ],
    'model': [ref('learner_parameters')],
} %}

with final as (
    {% for part, relations in tables.items() %}
    {% set is_last_part = loop.last %}
    {% for relation in relations %}
    select
        '{{ part }}' as part,
        '{{ relation.identifier }}' as table_name,
        n_rows,
        fingerprint
    from ({{ fingerprint(relation) }}) as {{ relation.identifier }}_fingerprint
    {{ 'union all' if not (is_last_part and loop.last) }}
    {% endfor %}
    {% endfor %}
)

select * from final
