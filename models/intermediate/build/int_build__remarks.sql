-- A refresh takes these from the build whose model it uses.
with effects as (
    select * from {{ source('published', 'arm_diagnostics') if var('refresh') else ref('int_evaluation__arm_diagnostics') }}
    where diagnostic_id = 'adjusted_effect'
),

policies as (
    select
        parameters.needs_ranking,
        policies.*
    from {{ ref('policy_parameters') }} as parameters
    inner join {{ ref('int_policy__policies') }} as policies on parameters.policy_id = policies.policy_id
    where parameters.is_shipped
),

-- Nudging everybody, priced at the average effect and both ends of its interval.
priced as (
    select
        policies.policy_id,
        policies.needs_ranking,
        effects.estimate,
        effects.estimate_lower,
        effects.estimate_upper,
        effects.n_rows * (effects.estimate * policies.value_per_conversion_usd - policies.cost_per_nudge_usd)
        - effects.n_accounts * policies.cost_per_account_usd as estimate_usd,
        effects.n_rows * (effects.estimate_lower * policies.value_per_conversion_usd - policies.cost_per_nudge_usd)
        - effects.n_accounts * policies.cost_per_account_usd as estimate_lower_usd,
        effects.n_rows * (effects.estimate_upper * policies.value_per_conversion_usd - policies.cost_per_nudge_usd)
        - effects.n_accounts * policies.cost_per_account_usd as estimate_upper_usd
    from policies
    left join effects on true
),

final as (
    select
        needs_ranking,
        estimate_upper as effect_upper,
        coalesce(
            'On average a nudge adds ' || cast(round(priced.estimate, 4) as string)
            || case when scale.value_per_conversion_usd is null then ' conversions' else ' of the revenue of a conversion' end
            || ' (95% interval '
            || cast(round(estimate_lower, 4) as string) || ' to ' || cast(round(estimate_upper, 4) as string) || ')'
            || coalesce(
                '. At the prices of the policy ' || policy_id
                || ', nudging everybody in the past campaigns would have earned '
                || cast(cast(round(estimate_usd) as bigint) as string) || ' dollars ('
                || cast(cast(round(estimate_lower_usd) as bigint) as string) || ' to '
                || cast(cast(round(estimate_upper_usd) as bigint) as string) || '), and nobody 0', ''
            ),
            'Nothing is known about the effect of a nudge'
        ) as what_is_known
    from priced
    cross join {{ ref('int_uplift__outcome_scale') }} as scale
)

select * from final
