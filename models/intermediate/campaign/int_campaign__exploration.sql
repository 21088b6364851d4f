with users as (
    select * from {{ ref('int_campaign__explorable_users') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

units as (
    select
        unit_id,
        unit_type,
        account_id,
        decision,
        count(*) as n_users,
        bool_or(is_begun) as is_begun,
        bool_or(is_allowed) as is_allowed,
        {{ exact_sum('admin_harm_probability') }} as expected_admins_harmed,
        {{ exact_sum('harm_probability') }} as expected_users_harmed,
        round({{ exact_sum('cost_usd') }}, 6) as cost_usd,
        {{ exact_sum('risk_usd') }} as risk_usd,
        -- The variance of lift is what a nudge's outcome can reduce.
        {{ exact_sum('lift_se * lift_se') }} as unknown_variance
    from users
    group by 1, 2, 3, 4
),

-- What has begun comes first, since it has used the budget; then most information per dollar of cost and risk, ties by id.
-- Units that cost nothing count as a cent; unknown risk goes last.
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
        round(sum({{ billionths('probability * expected_admins_harmed') }}) over so_far / 1e9, 6) as harmed_admins_so_far,
        round(sum({{ billionths('probability * expected_users_harmed') }}) over so_far / 1e9, 6) as harmed_users_so_far
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
        expected_admins_harmed,
        expected_users_harmed,
        cost_usd,
        risk_usd,
        round(unknown_variance, 9) as unknown_variance,
        harmed_admins_so_far,
        harmed_users_so_far,
        is_allowed and probability > 0
        and harmed_admins_so_far <= harm_budget_admins and harmed_users_so_far <= harm_budget_users as is_admitted
    from spent
)

select * from final
