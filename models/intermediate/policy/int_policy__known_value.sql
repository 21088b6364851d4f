-- What is known even where nothing tells users apart. A refresh knows what the build knew whose model it uses.
with effects as (
    select * from {{ source('published', 'arm_diagnostics') if var('refresh') else ref('int_evaluation__arm_diagnostics') }}
),

gains as (
    select * from {{ source('published', 'policy_value') if var('refresh') else ref('int_policy__gains') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

effect as (
    select
        max(estimate) as effect,
        max(estimate_lower) as effect_lower,
        max(estimate_upper) as effect_upper
    from effects
    where diagnostic_id = 'adjusted_effect'
),

priced as (
    select
        policies.policy_id,
        policies.needs_ranking,
        max(case when gains.strategy = 'everybody' then gains.gain_usd end) as everybody_gain_usd,
        max(case when gains.strategy = 'everybody' then gains.gain_usd_lower end) as everybody_gain_usd_lower,
        max(case when gains.strategy = 'everybody' then gains.gain_usd_upper end) as everybody_gain_usd_upper,
        max(case when gains.strategy = policies.policy_id then gains.gain_usd_lower end) as policy_gain_usd_lower
    from policies
    left join gains on policies.policy_id = gains.policy_id and gains.comparator = 'nobody'
    where policies.is_shipped
    group by 1, 2
),

final as (
    select
        priced.*,
        effect.*,
        coalesce(
            'On average a nudge adds ' || cast(round(effect.effect, 4) as string) || ' conversions (95% interval '
            || cast(round(effect.effect_lower, 4) as string) || ' to ' || cast(round(effect.effect_upper, 4) as string)
            || '). At the prices of the policy ' || priced.policy_id
            || ', to have nudged everybody in the past campaigns was worth '
            || cast(cast(round(priced.everybody_gain_usd) as bigint) as string) || ' dollars ('
            || cast(cast(round(priced.everybody_gain_usd_lower) as bigint) as string) || ' to '
            || cast(cast(round(priced.everybody_gain_usd_upper) as bigint) as string) || '), and nobody 0',
            'Of the effect of a nudge nothing is known'
        ) as what_is_known
    from priced
    cross join effect
)

select * from final
