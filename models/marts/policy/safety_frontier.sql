with grid as (
    select * from {{ ref('int_policy__frontier_grid') }}
),

accounts as (
    select * from {{ ref('int_policy__frontier_accounts') }}
    where population = 'campaign'
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where population = 'campaign'
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'campaign'
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

shipped as (
    select * from grid where is_shipped
),

expected as (
    select
        users.campaign_id,
        users.account_id,
        count(*) filter (where users.is_nudged_in_target) as n_nudged_users,
        {{ exact_sum('users.harm_probability', filter='users.is_nudged_in_target') }} as expected_harm
    from users
    inner join shipped on users.policy_id = shipped.policy_id
    group by 1, 2
),

realised as (
    select
        dr_scores.campaign_id,
        dr_scores.account_id,
        {{ exact_sum('dr_scores.dr_score', filter='users.is_nudged_in_target') }} as dr_sum
    from dr_scores
    inner join users on dr_scores.observation_id = users.observation_id
    inner join shipped on users.policy_id = shipped.policy_id
    group by 1, 2
),

valued as (
    select
        accounts.*,
        case when accounts.is_target then coalesce(expected.n_nudged_users, 0) else 0 end as n_reached_users,
        case when accounts.is_target then coalesce(expected.expected_harm, 0.0) else 0.0 end as expected_harm,
        case when accounts.is_target then decisions.net_value_usd else 0.0 end as net_value_usd,
        case
            when accounts.is_target
                then {{ dollars('coalesce(realised.dr_sum, 0.0)', 'decisions.value_per_conversion_usd') }} - decisions.cost_usd
            else 0.0
        end as realised_value_usd
    from accounts
    inner join grid on accounts.point_id = grid.point_id
    inner join decisions on grid.policy_id = decisions.policy_id
            and accounts.campaign_id = decisions.campaign_id and accounts.account_id = decisions.account_id
    left join expected on accounts.campaign_id = expected.campaign_id and accounts.account_id = expected.account_id
    left join realised on accounts.campaign_id = realised.campaign_id and accounts.account_id = realised.account_id
),

totals as (
    select
        point_id,
        count(*) filter (where is_target) as n_target_accounts,
        {{ sum_int('n_reached_users') }} as n_reached_users,
        sum(expected_harm) as expected_harm,
        sum(net_value_usd) as net_value_usd,
        sum(realised_value_usd) as realised_value_usd,
        sqrt(count(*) * var_samp(realised_value_usd)) as realised_value_usd_se,
        {{ sum_int('n_sleeping_dogs') }} as n_sleeping_dogs,
        {{ safe_divide('sum(sleeping_dog_dr_sum)', 'sum(n_observed_sleeping_dogs)') }} as sleeping_dog_lift
    from valued
    group by 1
),

spread as (
    select
        totals.point_id,
        {{ safe_divide(
            'sqrt(sum(power(valued.sleeping_dog_dr_sum - valued.n_observed_sleeping_dogs * totals.sleeping_dog_lift, 2)))',
            'sum(valued.n_observed_sleeping_dogs)'
        ) }} as sleeping_dog_lift_se
    from totals
    inner join valued on totals.point_id = valued.point_id
    group by 1
),

final as (
    select
        grid.point_id,
        grid.sleeping_dog_lift_threshold,
        grid.harm_confidence,
        grid.is_shipped,
        totals.n_target_accounts,
        totals.n_reached_users,
        round(totals.expected_harm, 6) as expected_harm,
        round(totals.net_value_usd, 6) as net_value_usd,
        round(totals.realised_value_usd, 6) as realised_value_usd,
        round(totals.realised_value_usd_se, 6) as realised_value_usd_se,
        totals.n_sleeping_dogs,
        round(totals.sleeping_dog_lift, 9) as sleeping_dog_lift,
        round(spread.sleeping_dog_lift_se, 9) as sleeping_dog_lift_se
    from grid
    inner join totals on grid.point_id = totals.point_id
    inner join spread on grid.point_id = spread.point_id
)

select * from final
