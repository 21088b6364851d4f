with features as (
    select * from {{ ref('int_features__users') }}
    where population = 'campaign'
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

quality as (
    select * from {{ ref('int_evaluation__data_quality') }}
),

campaign as (
    select
        features.campaign_id,
        features.account_id,
        features.role_type,
        features.plan_tier,
        features.has_no_activity,
        interventions.is_treated,
        interventions.assignment_probability is not null as is_declared,
        outcomes.is_converted,
        outcomes.is_converted is not null as is_observed,
        ntile(4) over (order by features.actions_30d, features.observation_id) as activity_quartile
    from features
    inner join interventions on features.observation_id = interventions.intervention_id
    left join outcomes on features.observation_id = outcomes.intervention_id
),

arms as (
    select
        arm.is_treated,
        count(*) filter (where campaign.is_observed) as n_observed,
        least(count(*) filter (where campaign.is_converted), count(*) filter (where not campaign.is_converted))
            as n_rarer_outcome
    from (values (true), (false)) as arm (is_treated)
    left join campaign on arm.is_treated = campaign.is_treated
    group by arm.is_treated
),

-- A declared probability between 0 and 1 gives every user both chances, even if only one was taken.
cells as (
    select
        count(*) as n_users,
        count(distinct is_treated) = 2 or bool_and(is_declared) as holds_both_arms
    from campaign
    group by role_type, plan_tier, activity_quartile
),

shared_accounts as (
    select count(distinct is_treated) = 2 as holds_both_arms
    from campaign
    where not is_declared
    group by campaign_id, account_id
    having count(*) > 1
),

effective as (
    select {{ effective_n('n_users') }} as n_accounts
    from (
        select count(*) as n_users from campaign where is_observed and is_treated is not null
        group by account_id
    ) as sizes
),

dated_conversions as (
    select count(*) as n_kept from outcomes where is_converted and activation_date is not null
),

-- Rows after a chosen scoring date are not faults, nor are missing outcomes, which `outcome_observed_share` judges.
rejections as (
    select {{ safe_divide('sum(rows_before - rows_after)', 'max(rows_before)') }} as rejected_share
    from quality
    {% if env_var('CAUSALYN_SCORING_DATE', '') %}
    where table_name <> 'outcomes_raw' and (rule_id <> 'future_date' or table_name = 'campaign_events_raw')
    {% endif %}
    group by table_name
),

final as (
    select 'accounts' as check_id, cast(count(distinct account_id) as double) as value
    from campaign
    where is_observed and is_treated is not null
    union all
    select 'effective_accounts', n_accounts from effective
    union all
    select
        'converted_before_share',
        {{ safe_divide('max(quality.rows_affected)', '(max(quality.rows_affected) + max(dated_conversions.n_kept))') }}
    from quality
    cross join dated_conversions
    where quality.table_name = 'outcomes_raw' and quality.rule_id = 'converted_before'
    union all
    select 'activity_coverage', 1 - avg(cast(has_no_activity as int)) from campaign
    union all
    select 'outcome_observed_share', avg(cast(is_observed as int)) from campaign
    union all
    select 'outcome_values', count(distinct is_converted) from campaign where is_treated is not null
    union all
    select 'smaller_arm_users', min(n_observed) from arms
    union all
    select 'smaller_arm_share', {{ safe_divide('min(n_observed)', 'sum(n_observed)') }} from arms
    union all
    select 'rarer_outcome_users', min(n_rarer_outcome) from arms
    union all
    select 'overlap', {{ safe_divide('sum(n_users) filter (where holds_both_arms)', 'sum(n_users)') }} from cells
    union all
    select 'mixed_account_share', avg(cast(holds_both_arms as int)) from shared_accounts
    union all
    select 'rejected_share', max(rejected_share) from rejections
    union all
    select 'activation_disagrees_share', max(affected_share) from quality where rule_id = 'activation_disagrees'
)

select * from final
