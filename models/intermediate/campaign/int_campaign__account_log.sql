with events as (
    select * from {{ ref('stg_campaign_events') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

dealt_before as (
    select * from {{ ref('int_campaign__dealt_before') }}
),

baselines as (
    select * from {{ ref('int_campaign__baselines') }}
),

-- An account counts in the arm it was assigned first, with its activity then, whatever has been decided about it since.
assignments as (
    select
        account_id,
        experiment,
        arm,
        wave,
        actions_30d
    from dealt_before
    union all
    select
        baselines.account_id,
        baselines.experiment,
        baselines.arm,
        baselines.wave,
        baselines.actions_30d
    from baselines
    left join dealt_before on baselines.account_id = dealt_before.account_id
    where dealt_before.account_id is null
),

users as (
    select * from {{ ref('stg_users') }}
),

decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today'
),

entries as (
    select
        account_id,
        min(event_date) as entry_date
    from events
    group by 1
),

admins as (
    select
        account_id,
        count(*) as n_admins
    from users
    where is_admin
    group by 1
),

by_user as (
    select
        events.account_id,
        events.user_id,
        max(cast(events.is_sent as int)) as was_nudged,
        max(cast(events.is_negative_reaction as int)) as has_reacted,
        max(cast(events.is_admin_churn as int)) as has_churned,
        {{ exact_sum_usd('coalesce(
            events.revenue_usd, case when events.is_converted then decisions.value_per_conversion_usd else 0 end
        )') }} as revenue_usd
    from events
    inner join entries on events.account_id = entries.account_id
    inner join decisions on events.account_id = decisions.account_id
    cross join parameters
    where events.event_date <= entries.entry_date + cast(parameters.outcome_window_days as int)
    group by 1, 2
),

by_account as (
    select
        account_id,
        {{ sum_int('was_nudged') }} as n_nudged_users,
        {{ sum_int('was_nudged * has_reacted') }} as n_reacting_users,
        {{ sum_int('has_churned') }} as n_churned_admins,
        {{ exact_sum_usd('revenue_usd') }} as revenue_usd
    from by_user
    group by 1
),

final as (
    select
        assignments.account_id,
        assignments.experiment,
        assignments.arm,
        assignments.wave,
        coalesce(assignments.actions_30d, 0) as actions_30d,
        entries.entry_date,
        entries.entry_date + cast(parameters.outcome_window_days as int) as last_outcome_date,
        by_account.n_nudged_users,
        by_account.n_reacting_users,
        coalesce(admins.n_admins, 0) as n_admins,
        by_account.n_churned_admins,
        by_account.revenue_usd
    from assignments
    inner join entries on assignments.account_id = entries.account_id
    inner join by_account on assignments.account_id = by_account.account_id
    left join admins on assignments.account_id = admins.account_id
    cross join parameters
)

select * from final
