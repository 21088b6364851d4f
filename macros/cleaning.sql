{#- Whether an export has anything in a column that it may leave out: where it has not, nothing is missing from a row. -#}
{% macro is_recorded(relation, column) -%}
    (select count({{ column }}) from {{ relation }}) > 0
{%- endmacro %}

{#- The rows that cleaning rejects, of every raw table: its name, the key of the row, and the rule that it breaks. -#}
{% macro rejected_rows() -%}
    {%- for table, rows, key in [
        ('accounts_raw', ref('base_accounts'), ['account_id']),
        ('users_raw', ref('base_users'), ['user_id']),
        ('user_activity_daily_raw', ref('base_user_activity_exceptions'), ['user_id', 'activity_date']),
        ('user_features_raw', ref('base_user_features'), ['user_id', 'feature', 'valid_from']),
        ('interventions_raw', ref('base_interventions'), ['intervention_id']),
        ('outcomes_raw', ref('base_outcomes'), ['user_id', 'intervention_id']),
        ('campaign_events_raw', ref('base_campaign_events'), ['event_id']),
    ] %}
    select
        '{{ table }}' as table_name,
        {%- for column in key %}
        {{ "|| ' | ' ||" if not loop.first }} coalesce(cast({{ column }} as string), 'null')
        {%- endfor %} as row_key,
        reject_reason as rule_id
    from {{ rows }}
    where reject_reason is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
