{#- The id of the running campaign, by which accounts are dealt to the arms: the salt of `parameters`, unless a run names another one. -#}
{% macro running_campaign(parameters) -%}
    {{ "'" ~ var('campaign') ~ "'" if var('campaign') else parameters ~ '.salt' }}
{%- endmacro %}

{#-
    The interventions of an export, typed, and those that earlier campaigns logged. What the response to the nudge before was, nobody
    recorded with a log: it follows from the rows before (`int_features__nudges`).
-#}
{% macro reported_interventions() -%}
    {%- set alike -%}
        intervention_id, user_id, account_id, intervention_date, eligibility_flag = 1 as is_eligible, treatment_flag = 1 as is_treated,
        campaign_id, assignment_probability
    {%- endset -%}
    select
        {{ alike }},
        treatment_flag = 1 as is_sent,
        delivery_channel,
        our_word as prev_nudge_response
    from ({{ mapped_words('interventions', 'prev_nudge_response', mapping='responses', missing='none') }}) as mapped
    union all
    select
        {{ alike }},
        sent_flag = 1 as is_sent,
        cast(null as string) as delivery_channel,
        cast(null as string) as prev_nudge_response
    from {{ ref('base_logged_interventions') }}
{%- endmacro %}

{#- Whether the running campaign draws somebody for a purpose, with a probability: the same on every engine and in every build. -#}
{% macro is_drawn(id_expression, purpose, probability) -%}
    {{ hash_bucket(id_expression, 10000, running_campaign('parameters') ~ " || ':" ~ purpose ~ "'") }} < 10000 * {{ probability }}
{%- endmacro %}
