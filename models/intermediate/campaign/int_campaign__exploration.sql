-- Hard limits exclude users from exploration: decisions before POL-04 exclude their accounts, and `is_explorable` excludes
-- predicted Sleeping Dogs, unsupported users, and users nudged enough.
with users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'today' and is_shipped and is_explorable
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'today' and is_shipped
),

account_values as (
    select * from {{ ref('int_policy__account_values') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

in_the_log as (
    select distinct user_id from {{ ref('stg_campaign_events') }}
),

-- An account not worth its cost is explored as a whole; a target, by each user whose interval spans zero.
candidates as (
    select
        case when decisions.decision = 'target' then users.user_id else users.account_id end as unit_id,
        case when decisions.decision = 'target' then 'user' else 'account' end as unit_type,
        users.account_id,
        decisions.decision,
        {{ exploration_cost('decisions', 'users.lift') }} as cost_usd,
        users.lift_se,
        in_the_log.user_id is not null as is_begun,
        users.harm_probability,
        case when users.is_admin then users.harm_probability else 0.0 end as admin_harm_probability,
        users.harm_probability * decisions.value_per_conversion_usd
        + case when users.is_admin then users.harm_probability * account_values.loss_per_harmed_admin_usd else 0.0 end as risk_usd
    from users
    inner join decisions on users.account_id = decisions.account_id
    left join account_values on users.account_id = account_values.account_id
    left join in_the_log on users.user_id = in_the_log.user_id
    where
        decisions.decision in ('suppress_unprofitable', 'suppress_too_small')
        or (decisions.decision = 'target' and not users.is_nudged_in_target)
),

units as (
    select
        unit_id,
        unit_type,
        account_id,
        decision,
        count(*) as n_users,
        bool_or(is_begun) as is_begun,
        {{ exact_sum('admin_harm_probability') }} as expected_harmed_admins,
        {{ exact_sum('harm_probability') }} as expected_harmed_users,
        round({{ exact_sum('cost_usd') }}, 6) as cost_usd,
        {{ exact_sum('risk_usd') }} as risk_usd,
        -- The variance of lift is what a nudge's outcome can reduce.
        {{ exact_sum('lift_se * lift_se') }} as unknown_variance
    from candidates
    group by 1, 2, 3, 4
),

-- Units already in the campaign's log come first, since they have used the budget; then most information per dollar of cost and
-- risk, ties by id. Units that cost nothing count as a cent; unknown risk goes last.
ranked as (
    select
        units.*,
        parameters.exploration_share * (1 - parameters.control_share) as probability,
        parameters.harm_budget_admins,
        parameters.harm_budget_users,
        row_number() over (
            order by
                units.is_begun desc,
                round(units.unknown_variance / greatest(0.01, coalesce(units.cost_usd + units.risk_usd, 1e9)), 9) desc,
                units.unit_id asc
        ) as priority
    from units
    cross join parameters
),

spent as (
    select
        *,
        round(sum(probability * expected_harmed_admins) over so_far, 6) as harmed_admins_so_far,
        round(sum(probability * expected_harmed_users) over so_far, 6) as harmed_users_so_far
    from ranked
    window so_far as (order by priority rows between unbounded preceding and current row)
),

final as (
    select
        unit_id,
        unit_type,
        account_id,
        decision,
        priority,
        n_users,
        expected_harmed_admins,
        expected_harmed_users,
        cost_usd,
        risk_usd,
        round(unknown_variance, 9) as unknown_variance,
        harmed_admins_so_far,
        harmed_users_so_far,
        probability > 0 and harmed_admins_so_far <= harm_budget_admins and harmed_users_so_far <= harm_budget_users as is_admitted
    from spent
)

select * from final
