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
    where population = 'campaign' and is_shipped
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

nudged as (
    select
        users.campaign_id,
        users.account_id,
        count(*) as n_users,
        {{ exact_sum('users.harm_probability') }} as expected_harm,
        coalesce({{ exact_sum('dr_scores.dr_score') }}, 0.0) as dr_sum
    from users
    left join dr_scores on users.observation_id = dr_scores.observation_id
    where users.is_nudged_in_target
    group by 1, 2
),

valued as (
    select
        accounts.*,
        case when accounts.is_target then coalesce(nudged.n_users, 0) else 0 end as n_reached_users,
        case when accounts.is_target then coalesce(nudged.expected_harm, 0.0) else 0.0 end as expected_harm,
        case when accounts.is_target then decisions.net_value_usd else 0.0 end as net_value_usd,
        case
            when accounts.is_target
                then {{ dollars('coalesce(nudged.dr_sum, 0.0)', 'decisions.value_per_conversion_usd') }} - decisions.cost_usd
            else 0.0
        end as observed_value_usd
    from accounts
    inner join grid on accounts.point_id = grid.point_id
    inner join decisions using (policy_id, campaign_id, account_id)
    left join nudged on accounts.campaign_id = nudged.campaign_id and accounts.account_id = nudged.account_id
),

-- An account is one unit, however many campaigns it was in.
by_account as (
    select
        point_id,
        account_id,
        count(*) filter (where is_target) as n_target_accounts,
        {{ sum_int('n_reached_users') }} as n_reached_users,
        {{ exact_sum('expected_harm') }} as expected_harm,
        {{ exact_sum_usd('net_value_usd') }} as net_value_usd,
        {{ exact_sum_usd('observed_value_usd') }} as observed_value_usd,
        {{ sum_int('n_sleeping_dogs') }} as n_sleeping_dogs,
        nullif({{ sum_int('n_observed_sleeping_dogs') }}, 0) as n_observed_dogs,
        {{ exact_sum('sleeping_dog_dr_sum') }} as dr_sum
    from valued
    group by 1, 2
),

means as (
    select
        *,
        sum(dr_sum) over (partition by point_id) / sum(n_observed_dogs) over (partition by point_id) as sleeping_dog_lift
    from by_account
),

totals as (
    select
        point_id,
        {{ sum_int('n_target_accounts') }} as n_target_accounts,
        {{ sum_int('n_reached_users') }} as n_reached_users,
        {{ exact_sum('expected_harm') }} as expected_harm,
        {{ exact_sum_usd('net_value_usd') }} as net_value_usd,
        {{ exact_sum_usd('observed_value_usd') }} as observed_value_usd,
        {{ clustered_error_of_sum('observed_value_usd') }} as observed_value_usd_se,
        {{ sum_int('n_sleeping_dogs') }} as n_sleeping_dogs,
        max(sleeping_dog_lift) as sleeping_dog_lift,
        {{ clustered_error('dr_sum - n_observed_dogs * sleeping_dog_lift') }} / sum(n_observed_dogs) as sleeping_dog_lift_se
    from means
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
        totals.net_value_usd,
        totals.observed_value_usd,
        round(totals.observed_value_usd_se, 6) as observed_value_usd_se,
        totals.n_sleeping_dogs,
        round(totals.sleeping_dog_lift, 9) as sleeping_dog_lift,
        round(totals.sleeping_dog_lift_se, 9) as sleeping_dog_lift_se
    from grid
    inner join totals on grid.point_id = totals.point_id
)

select * from final
