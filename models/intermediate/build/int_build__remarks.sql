-- A refresh takes these from the build whose model it uses.
with effects as (
    select * from {{ source('published', 'arm_diagnostics') if var('refresh') else ref('int_evaluation__arm_diagnostics') }}
    where diagnostic_id = 'adjusted_effect'
),

policies as (
    select
        policy_id,
        needs_ranking
    from {{ ref('policy_parameters') }}
    where is_shipped
),

{% if var('refresh') %}
gains as (
    select gains.*
    from {{ source('published', 'policy_value') }} as gains
    inner join policies on gains.policy_id = policies.policy_id
    where gains.comparator = 'nobody'
),
{% else %}
evidence as (
    select evidence.*
    from {{ ref('int_policy__account_evidence') }} as evidence
    inner join policies on evidence.policy_id = policies.policy_id
    where evidence.population = 'campaign'
),

effects_by_account as (
    select * from {{ ref('int_policy__observed_effects') }}
),

-- As in policy_value, which comes after the decisions.
valued as (
    {% for strategy, picks, suffix in [
        ('evidence.policy_id', passes_every_guardrail('evidence'), ''), ("'everybody'", 'evidence.n_users > 0', '_of_everybody'),
    ] %}
    select
        {{ strategy }} as strategy,
        evidence.account_id,
        {{ picks }} as is_picked,
        case
            when {{ picks }}
                then
                    {{ dollars('coalesce(observed.observed' ~ suffix ~ ', 0.0)', 'evidence.value_per_conversion_usd') }}
                    - evidence.cost{{ suffix }}_usd
            else 0.0
        end as value_usd
    from evidence
    left join effects_by_account as observed using (campaign_id, policy_id, account_id)
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

by_account as (
    select
        strategy,
        account_id,
        count(*) filter (where is_picked) as n_picked,
        {{ exact_sum_usd('value_usd') }} as gain_usd
    from valued
    group by 1, 2
),

gains as (
    select
        strategy,
        {{ sum_int('n_picked') }} as n_accounts,
        {{ with_interval('gain_usd', exact_sum_usd('gain_usd'), clustered_error_of_sum('gain_usd'), digits=6) }}
    from by_account
    group by 1
),
{% endif %}

final as (
    select
        policies.needs_ranking,
        effects.estimate_upper as effect_upper,
        coalesce(
            'On average a nudge adds ' || cast(round(effects.estimate, 4) as string)
            || case when scale.value_per_conversion_usd is null then ' conversions' else ' of the revenue of a conversion' end
            || ' (95% interval ' || cast(round(effects.estimate_lower, 4) as string)
            || ' to ' || cast(round(effects.estimate_upper, 4) as string) || ')'
            || coalesce(
                '. At the prices of the policy ' || policies.policy_id
                || ', nudging everybody in the past campaigns would have earned '
                || {{ in_decimals('gains.gain_usd', 0) }} || ' dollars (' || {{ in_decimals('gains.gain_usd_lower', 0) }}
                || ' to ' || {{ in_decimals('gains.gain_usd_upper', 0) }} || '), and nobody 0', ''
            ),
            'Nothing is known about the effect of a nudge'
        ) as what_is_known,
        case
            when not policies.needs_ranking and own.n_accounts > 0 and not coalesce(own.gain_usd_lower > 0, false)
                then
                    policies.policy_id || ' has not shown that it pays: gain in the past campaigns '
                    || coalesce({{ in_decimals('own.gain_usd', 0) }}, 'unknown') || ' dollars (95% interval '
                    || coalesce({{ in_decimals('own.gain_usd_lower', 0) }}, 'unknown') || ' to '
                    || coalesce({{ in_decimals('own.gain_usd_upper', 0) }}, 'unknown') || '), needed above 0 at its lower end. '
                    || 'What to do about it: ship another policy in seeds/policy_parameters.csv, or learn from a larger campaign'
        end as objection,
        case
            when effects.estimate_upper < 0 and harmed.is_decisive
                then
                    policies.policy_id || ' would nudge users although a nudge harms on average and those expected to benefit '
                    || 'have not shown that they do. What to do about it: learn from a larger campaign before nudging anybody'
        end as objection_to_nudging
    from policies
    cross join {{ ref('int_uplift__outcome_scale') }} as scale
    left join effects on true
    left join {{ source('published', 'sensitivity') if var('refresh') else ref('int_evaluation__sensitivity') }} as harmed
        on harmed.user_group = 'everybody'
    -- Without known values, all gains are 0.
    left join gains on gains.strategy = 'everybody' and gains.gain_usd_se > 0
    left join gains as own on policies.policy_id = own.strategy
)

select * from final
