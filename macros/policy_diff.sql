{#-
    The accounts whose decision differs between two sides (a build and a policy each). `pairs` is SQL with the columns from_build_id,
    from_policy_id, to_build_id and to_policy_id; the caller has a CTE `entries` with the columns compared. The first triggered
    guardrail decides, so of the two deciding guardrails the earlier one flipped: it is newly triggered, or no longer is.
-#}
{% macro flipped_decisions(pairs) -%}
    {%- set pair = 'from_build_id, from_policy_id, to_build_id, to_policy_id' -%}
    (
        with pairs as ({{ pairs }}),

        rules as (
            select guardrail_id, guardrail, precedence from {{ ref('guardrail_rules') }}
        ),

        from_side as (
            select {{ pair }}, entries.*
            from pairs
            inner join entries on pairs.from_build_id = entries.build_id and pairs.from_policy_id = entries.policy_id
        ),

        to_side as (
            select {{ pair }}, entries.*
            from pairs
            inner join entries on pairs.to_build_id = entries.build_id and pairs.to_policy_id = entries.policy_id
        ),

        joined as (
            select
                {%- for column in ['from_build_id', 'from_policy_id', 'to_build_id', 'to_policy_id', 'account_id'] %}
                coalesce(from_side.{{ column }}, to_side.{{ column }}) as {{ column }},
                {%- endfor %}
                {%- for side in ['from', 'to'] %}
                {%- for column in compared_columns().split(', ')[3:] %}
                {{ side }}_side.{{ column }} as {{ side }}_{{ column }},
                {%- endfor %}
                case when {{ side }}_side.decision = 'target' then {{ side }}_side.net_value_usd else 0.0 end as {{ side }}_value_usd,
                case when {{ side }}_side.decision = 'target' then {{ side }}_side.n_sleeping_dogs else 0 end as {{ side }}_risk,
                {%- endfor %}
                from_side.decision is not distinct from to_side.decision as is_unchanged
            from from_side
            full outer join to_side
                on
                    from_side.account_id = to_side.account_id
                    {%- for column in pair.split(', ') %}
                    and from_side.{{ column }} = to_side.{{ column }}
                    {%- endfor %}
        ),

        flipped as (
            select
                joined.*,
                case
                    when from_decision is null or to_decision is null then null
                    when coalesce(to_rules.precedence, 1000) < coalesce(from_rules.precedence, 1000) then to_rules.guardrail_id
                    else from_rules.guardrail_id
                end as flipping_guardrail_id
            from joined
            left join rules as from_rules on joined.from_guardrail_id = from_rules.guardrail_id
            left join rules as to_rules on joined.to_guardrail_id = to_rules.guardrail_id
            where not joined.is_unchanged
        )

        select
            {{ pair }},
            flipped.account_id,
            flipped.from_decision,
            flipped.to_decision,
            flipped.flipping_guardrail_id,
            rules.guardrail as flipping_guardrail,
            {%- for side in ['from', 'to'] %}
            case rules.guardrail
                when 'unscored' then cast(
                    flipped.{{ side }}_n_users - flipped.{{ side }}_n_scored_users
                    -- Builds recorded before support existed have no unsupported admins.
                    + coalesce(flipped.{{ side }}_n_unsupported_admins, 0) as double
                )
                when 'toxic_admin' then cast(flipped.{{ side }}_n_sleeping_dog_admins as double)
                when 'toxic_users' then {{ safe_divide(
                    'cast(flipped.' ~ side ~ '_n_sleeping_dogs as double)', 'flipped.' ~ side ~ '_n_scored_users'
                ) }}
                when 'unprofitable' then flipped.{{ side }}_expected_revenue_usd
                when 'too_small' then flipped.{{ side }}_net_value_usd
            end as {{ side }}_evidence,
            {%- endfor %}
            round(coalesce(flipped.to_value_usd, 0.0) - coalesce(flipped.from_value_usd, 0.0), 6) as value_moved_usd,
            cast(flipped.to_risk - flipped.from_risk as bigint) as sleeping_dogs_moved
        from flipped
        left join rules on flipped.flipping_guardrail_id = rules.guardrail_id
    )
{%- endmacro %}

{%- macro compared_columns() -%}
    {{ return([
        'build_id', 'policy_id', 'account_id', 'decision', 'guardrail_id', 'n_users', 'n_scored_users', 'n_sleeping_dogs',
        'n_sleeping_dog_admins', 'n_unsupported_admins', 'expected_revenue_usd', 'net_value_usd',
    ] | join(', ')) }}
{%- endmacro -%}

{#- The same for any two sides in the ledger, for `make diff`. -#}
{% macro policy_diff_between(from_build_id, from_policy_id, to_build_id, to_policy_id) -%}
    {%- set pairs -%}
    select
        '{{ from_build_id }}' as from_build_id,
        '{{ from_policy_id }}' as from_policy_id,
        '{{ to_build_id }}' as to_build_id,
        '{{ to_policy_id }}' as to_policy_id
    {%- endset -%}
    with entries as (select * from {{ source('published', 'policy_decisions_ledger') }})

    select
        flipped.*,
        accounts.account_name
    from {{ flipped_decisions(pairs) }} as flipped
    left join {{ ref('stg_accounts') }} as accounts on flipped.account_id = accounts.account_id
    order by abs(flipped.value_moved_usd) desc, flipped.account_id
{%- endmacro %}
