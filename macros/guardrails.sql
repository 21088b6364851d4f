{#- The rules of the policy. -#}

{#- Whether a user is a predicted Sleeping Dog; null if lift or its error is unknown. -#}
{% macro is_sleeping_dog(lift, lift_se, policy) -%}
    {{ lift }} + {{ policy }}.harm_quantile * {{ lift_se }} < {{ policy }}.sleeping_dog_lift_threshold
{%- endmacro %}

{#- Whether a user's score is reliable enough to decide by: always so for Sleeping Dogs and for campaign users, the
    model's training data. `users` has population, lift_doubt and unseen_features. The last is needed since trees
    disagree on unfamiliar users inside the range of training, but agree on any beyond it: they extrapolate from its
    edge. -#}
{% macro is_supported(users, is_sleeping_dog, policy) -%}
    coalesce(
        {{ users }}.population = 'campaign'
        or {{ is_sleeping_dog }}
        or ({{ users }}.lift_doubt <= {{ policy }}.doubt_limit and {{ users }}.unseen_features is null),
        false
    )
{%- endmacro %}

{#- Whether an account has too many Sleeping Dogs; null without scored users. In whole millionths, so a share equal to the limit is never
    above it. -#}
{% macro is_toxic(n_sleeping_dogs, n_users, policy) -%}
    case
        when {{ n_users }} > 0
            then
                {{ n_sleeping_dogs }} * 1000000 > {{ millionths(policy ~ '.toxic_user_share_limit') }} * {{ n_users }}
                and {{ n_sleeping_dogs }} >= {{ policy }}.min_toxic_users
    end
{%- endmacro %}

{#- Expected cost of churn, in US dollars. An account can be lost only once; the sum over its admins bounds that probability, however
    correlated they are. -#}
{% macro churn_cost(admins_harmed, accounts) -%}
    round(least({{ admins_harmed }} * {{ accounts }}.loss_per_harmed_admin_usd, {{ accounts }}.loss_if_churned_usd), 6)
{%- endmacro %}

{#- The guardrails, in the order of the seed guardrail_rules: the condition that triggers each, on a row of `evidence`. -#}
{% macro guardrail_checks(evidence) -%}
    {{ return({
        'unscored': '{0}.n_scored_users < {0}.n_users or {0}.n_scored_users = 0 or {0}.n_unsupported_admins > 0'.format(evidence),
        'toxic_admin': '{0}.n_sleeping_dog_admins > 0'.format(evidence),
        'toxic_users': is_toxic(evidence ~ '.n_sleeping_dogs', evidence ~ '.n_scored_users', evidence),
        'unprofitable': '{0}.expected_revenue_usd <= 0'.format(evidence),
        'too_small': 'coalesce({0}.net_value_usd <= 0, true) or {0}.n_scored_users < {0}.min_scored_users'.format(evidence),
    }) }}
{%- endmacro %}

{#- Why an account got its decision, in words, with the figures behind it. -#}
{% macro reason_in_words() -%}
    coalesce(
        case decision
            when 'suppress_unscored' then
                case
                    when n_users = 0 then 'No user counts'
                    when n_scored_users < n_users then 'Not scored: ' || (n_users - n_scored_users) || ' of ' || n_users || ' users'
                    else 'Past campaigns say too little about: ' || n_unsupported_admins || ' of ' || n_admins || ' admins'
                end
            when 'suppress_toxic_admin' then 'Would react badly: ' || n_sleeping_dog_admins || ' of ' || n_admins || ' admins'
            when 'suppress_toxic_users' then
                'Would react badly: ' || n_sleeping_dogs || ' of ' || n_scored_users || ' users, '
                || {{ in_decimals('100 * sleeping_dog_share', 1) }} || '%; limit '
                || {{ in_decimals('100 * toxic_user_share_limit', 1) }} || '%'
            when 'suppress_unprofitable' then 'Expected revenue is not positive: USD ' || {{ in_decimals('expected_revenue_usd', 2) }}
            when 'suppress_too_small' then
                case
                    when net_value_usd > 0 then 'Too few scored users: ' || n_scored_users || '; limit ' || min_scored_users
                    else 'Expected revenue does not cover the cost: USD ' || {{ in_decimals('expected_revenue_usd', 2) }} || ' for USD '
                    || {{ in_decimals('cost_usd', 2) }}
                end
            when 'target' then
                'Expected revenue covers the cost: USD ' || {{ in_decimals('expected_revenue_usd', 2) }} || ' for USD '
                || {{ in_decimals('cost_usd', 2) }}
        end, 'Not enough data'
    )
{%- endmacro %}

{#- Whether a row of `evidence` triggers no guardrail. Unknown suppresses. -#}
{% macro passes_every_guardrail(evidence) -%}
    not coalesce({{ guardrail_checks(evidence).values() | join(', true) and not coalesce(') }}, true)
{%- endmacro %}
