{#- Whether an export fills an optional column at all; if not, nothing is missing from a row. -#}
{% macro is_recorded(relation, column) -%}
    (select count({{ column }}) from {{ relation }}) > 0
{%- endmacro %}

{#- Whether an outcome's window has a plausible length; the raw contract has the same limits. -#}
{% macro is_possible_window(days) -%}
    {{ days }} between 1 and 365
{%- endmacro %}

{#- Whether an amount can be revenue; in a log it may be negative, as refunds are. -#}
{% macro is_possible_revenue(revenue_usd) -%}
    {{ revenue_usd }} between 0 and 1e9
{%- endmacro %}

{#- The rejected rows of every raw table: table name, row key, and the rule broken. -#}
{% macro rejected_rows() -%}
    {%- for table, rows, key in [
        ('accounts_raw', ref('base_accounts'), ['account_id']),
        ('users_raw', ref('base_users'), ['user_id']),
        ('user_activity_daily_raw', ref('base_user_activity_checked'), ['user_id', 'activity_date']),
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

{#-
    A `select` of the columns `key` and `columns` of `checked`, with the reason to reject a row: its own (`row_reason`), a duplicate, or
    contradictory rows for the key, which are all rejected, since keeping one would choose what happened.
-#}
{% macro without_repeats(checked, key, columns) -%}
    select
        {{ (key + columns) | join(', ') }},
        case
            when row_reason is not null then row_reason
            when count(*) over one_key <> count(*) over copies then 'conflicting_duplicate'
            when row_number() over copies > 1 then 'duplicate_row'
        end as reject_reason
    from {{ checked }}
    -- Engines require an order to number rows; duplicates tie on it.
    window
        one_key as (partition by {{ key | join(', ') }}, row_reason),
        copies as (partition by {{ (key + columns) | join(', ') }}, row_reason order by {{ key[0] }})
{%- endmacro %}
