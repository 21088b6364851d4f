{#- The rules of the policy, each in one place. -#}

{#- Whether a policy takes somebody for a Sleeping Dog; null where lift or its error is unknown. -#}
{% macro is_sleeping_dog(lift, lift_se, policy) -%}
    {{ lift }} + {{ policy }}.harm_quantile * {{ lift_se }} < {{ policy }}.sleeping_dog_lift_threshold
{%- endmacro %}

{#-
    Whether the Sleeping Dogs among an account's users are too many. The limit is compared in millionths of a user, as whole numbers, so
    that a share which equals it is never above it. Null where nobody has a score.
-#}
{% macro is_toxic(n_sleeping_dogs, n_users, policy) -%}
    case
        when {{ n_users }} > 0
            then
                {{ n_sleeping_dogs }} * 1000000 > cast(round({{ policy }}.toxic_user_share_limit * 1e6) as bigint) * {{ n_users }}
                and {{ n_sleeping_dogs }} >= {{ policy }}.min_toxic_users
    end
{%- endmacro %}

{#- The guardrails, in no order: what each looks at in an account's evidence, its limit, and when it is triggered. -#}
{% macro guardrail_checks() -%}
    {{ return({
        'unscored': {
            'evidence': safe_divide('cast(n_users - n_scored_users as double)', 'n_users'),
            'limit': 'unscored_user_share_limit',
            'is_triggered': 'n_scored_users = 0 or n_unscored_admins > 0 '
                ~ 'or (n_users - n_scored_users) * 1000000 > cast(round(unscored_user_share_limit * 1e6) as bigint) * n_users',
        },
        'toxic_admin': {
            'evidence': 'n_sleeping_dog_admins',
            'limit': '0',
            'is_triggered': 'n_sleeping_dog_admins > 0',
        },
        'toxic_users': {
            'evidence': 'sleeping_dog_share',
            'limit': 'toxic_user_share_limit',
            'is_triggered': is_toxic('n_sleeping_dogs', 'n_scored_users', 'evidence'),
        },
        'unprofitable': {
            'evidence': 'expected_revenue_usd',
            'limit': '0',
            'is_triggered': 'expected_revenue_usd <= 0',
        },
        'too_small': {
            'evidence': 'net_value_usd',
            'limit': '0',
            'is_triggered': 'coalesce(net_value_usd <= 0, true) or n_scored_users < min_scored_users',
        },
    }) }}
{%- endmacro %}
