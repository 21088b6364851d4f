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
    select * from {{ source('published', 'policy_value') }}
    where comparator = 'nobody'
),
{% else %}
evidence as (
    select evidence.*
    from {{ ref('int_policy__account_evidence') }} as evidence
    inner join policies on evidence.policy_id = policies.policy_id
    where evidence.population = 'campaign'
),

observed as (
    select * from {{ ref('int_policy__observed_effects') }}
),

-- As in policy_value, which comes after the lists.
valued as (
    select
        evidence.account_id,
        case
            when evidence.n_users > 0
                then
                    {{ dollars('coalesce(observed.observed_of_everybody, 0.0)', 'evidence.value_per_conversion_usd') }}
                    - evidence.cost_of_everybody_usd
            else 0.0
        end as value_usd
    from evidence
    left join observed using (campaign_id, policy_id, account_id)
),

by_account as (
    select
        account_id,
        {{ exact_sum_usd('value_usd') }} as gain_usd
    from valued
    group by 1
),

gains as (
    select
        'everybody' as strategy,
        {{ with_interval('gain_usd', exact_sum_usd('gain_usd'), clustered_error_of_sum('gain_usd'), digits=6) }}
    from by_account
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
        ) as what_is_known
    from policies
    cross join {{ ref('int_uplift__outcome_scale') }} as scale
    left join effects on true
    -- Without known values, all gains are 0.
    left join gains
        on
            gains.strategy = 'everybody'
            and gains.gain_usd_se > 0
            {{ 'and policies.policy_id = gains.policy_id' if var('refresh') }}
)

select * from final
