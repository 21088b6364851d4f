{#- The id of the running campaign, by which accounts are dealt to the arms: the salt of `parameters`, unless a run names another one. -#}
{% macro running_campaign(parameters) -%}
    {{ "'" ~ var('campaign') ~ "'" if var('campaign') else parameters ~ '.salt' }}
{%- endmacro %}
