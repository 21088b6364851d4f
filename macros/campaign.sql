{#- The running campaign's id, which seeds the assignment: the salt of `parameters`, unless a run names another. -#}
{% macro running_campaign(parameters) -%}
    {%- set named = env_var('CAUSALYN_CAMPAIGN', '') -%}
    {%- if named == 'today' -%}
        {%- do exceptions.raise_compiler_error('Nothing was decided: the campaign is called today, which stands for the users of today: rename it') -%}
    {%- endif -%}
    {{ "'" ~ named ~ "'" if named else parameters ~ '.salt' }}
{%- endmacro %}

{#-
    Typed interventions from an export and from earlier campaigns' logs. A log, or an export without the column, has no previous response,
    which follows from earlier rows (`int_features__nudges`).
-#}
{% macro reported_interventions() -%}
    {%- set common_columns -%}
        intervention_id, user_id, account_id, intervention_date, eligibility_flag = 1 as is_eligible, treatment_flag = 1 as is_treated,
        campaign_id, assignment_probability
    {%- endset -%}
    select
        {{ common_columns }},
        treatment_flag = 1 as is_sent,
        delivery_channel,
        case when {{ is_recorded(ref('input_interventions'), 'prev_nudge_response') }} then our_word end as prev_nudge_response
    from ({{ mapped_words('interventions', 'prev_nudge_response', mapping='responses', missing='none') }}) as mapped
    union all
    select
        {{ common_columns }},
        sent_flag = 1 as is_sent,
        cast(null as string) as delivery_channel,
        cast(null as string) as prev_nudge_response
    from {{ ref('base_logged_interventions') }}
{%- endmacro %}

{#-
    Expected cost of exploring a user minus the expected return, in US dollars, on rows of the users that may be explored. They share the
    cost of their account, which a target pays anyway.
-#}
{% macro exploration_cost(decisions, lift) -%}
    {{ decisions }}.cost_per_nudge_usd - {{ lift }} * {{ decisions }}.value_per_conversion_usd
    + case
        when {{ decisions }}.decision = 'target' then 0.0
        else {{ decisions }}.cost_per_account_usd / count(*) over (partition by {{ decisions }}.account_id)
    end
{%- endmacro %}

{#- Whether the running campaign draws an id for a purpose with a probability: the same on every engine and in every build. -#}
{% macro is_drawn(id_expression, purpose, probability) -%}
    {{ hash_bucket(id_expression, 10000, running_campaign('parameters') ~ " || ':" ~ purpose ~ "'") }} < 10000 * {{ probability }}
{%- endmacro %}
