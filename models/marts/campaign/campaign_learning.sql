with assignments as (
    select * from {{ ref('int_campaign__user_assignments') }}
    -- An arm that was certain teaches nothing.
    where experiment is not null and assignment_probability > 0 and assignment_probability < 1
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today' and is_shipped
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
    where population = 'today'
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

parameters as (
    select
        {{ normal_quantile('(1 - significance_level / 2)') }} as width,
        {{ normal_quantile('power') }} as power_quantile
    from {{ ref('campaign_parameters') }}
),

scale as (
    select * from {{ ref('int_uplift__outcome_scale') }}
),

-- A user's contribution to the variance of a mean doubly robust score: outcome variance per arm, over the probability of the arm.
terms as (
    select
        assignments.user_id,
        assignments.experiment,
        assignments.assignment_probability as probability,
        case
            when assignments.experiment = 'rollout' then 'targets'
            else coalesce(decisions.guardrail_id, 'targets whose interval spans zero')
        end as guardrail,
        'decile ' || cast(ntile(10) over (order by scores.lift desc, assignments.user_id asc) as string) as decile,
        scores.lift,
        (
            scores.p_treated * greatest(scale.mean_square_per_mean - scores.p_treated, 0.0)
            / assignments.assignment_probability
            + scores.p_control * greatest(scale.mean_square_per_mean - scores.p_control, 0.0)
            / (1 - assignments.assignment_probability)
        ) as variance,
        case
            when assignments.experiment <> 'exploration' then 0.0
            else assignments.assignment_probability * ({{ exploration_cost('decisions', 'scores.lift') }})
        end as cost_usd,
        assignments.assignment_probability * users.harm_probability as harmed_users,
        case when users.is_admin then assignments.assignment_probability * users.harm_probability else 0.0 end as harmed_admins
    from assignments
    inner join users on assignments.user_id = users.user_id
    inner join scores on assignments.user_id = scores.user_id
    inner join decisions on assignments.account_id = decisions.account_id
    cross join scale
    where scores.lift is not null
),

grouped as (
    select *, 'all' as grouping_kind, 'all' as user_group from terms
    union all
    select *, 'lift' as grouping_kind, decile as user_group from terms
    union all
    select *, 'guardrail' as grouping_kind, guardrail as user_group from terms
),

sums as (
    select
        grouping_kind,
        user_group,
        count(*) as n_users,
        {{ exact_sum('probability') }} as expected_nudges,
        count(*) filter (where experiment = 'exploration') as n_explorable_users,
        {{ exact_sum('cost_usd') }} as exploration_cost_usd,
        {{ exact_sum('harmed_users') }} as expected_users_harmed,
        {{ exact_sum('harmed_admins') }} as expected_admins_harmed,
        {{ exact_sum('lift') }} / count(*) as mean_lift,
        sqrt({{ exact_sum('variance') }}) / count(*) as standard_error,
        sqrt({{ exact_sum('variance', filter="experiment = 'rollout'") }})
        / nullif(count(*) filter (where experiment = 'rollout'), 0) as standard_error_of_rollout
    from grouped
    group by 1, 2
),

final as (
    select
        sums.grouping_kind,
        sums.user_group,
        sums.n_users,
        round(sums.expected_nudges, 6) as expected_nudges,
        sums.n_explorable_users,
        round(sums.exploration_cost_usd, 6) as exploration_cost_usd,
        round(sums.expected_users_harmed, 6) as expected_users_harmed,
        round(sums.expected_admins_harmed, 6) as expected_admins_harmed,
        round(sums.mean_lift, 6) as mean_lift,
        round(2 * parameters.width * sums.standard_error, 6) as expected_interval_width,
        round(2 * parameters.width * sums.standard_error_of_rollout, 6) as expected_interval_width_of_rollout,
        round((parameters.width + parameters.power_quantile) * sums.standard_error, 6) as minimum_detectable_change,
        round(
            {{ normal_cdf('(abs(sums.mean_lift) / nullif(sums.standard_error, 0) - parameters.width)') }}
            + {{ normal_cdf('(-abs(sums.mean_lift) / nullif(sums.standard_error, 0) - parameters.width)') }}, 6
        ) as power_at_mean_lift
    from sums
    cross join parameters
)

select * from final
