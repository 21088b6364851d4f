with accounts as (
    select * from {{ ref('int_campaign__account_log') }}
    where last_outcome_date < current_date
),

-- Activity before an account was assigned its arm can't be an effect of it.
final as (
    select
        accounts.experiment,
        metric.metric,
        accounts.account_id,
        accounts.arm,
        accounts.last_outcome_date as closed_date,
        case metric.metric
            when 'revenue_usd' then accounts.revenue_usd
            when 'admin_churn_rate' then {{ safe_divide('cast(accounts.n_churned_admins as double)', 'accounts.n_admins') }}
            when 'past_actions' then cast(accounts.actions_30d as double)
        end as measure,
        case when metric.metric <> 'past_actions' then cast(accounts.actions_30d as double) end as covariate
    from accounts
    cross join (values ('revenue_usd'), ('admin_churn_rate'), ('past_actions')) as metric (metric)
    where metric.metric <> 'admin_churn_rate' or accounts.n_admins > 0
)

select * from final
