with assignments as (
    {{ gated(ref('int_campaign__assignments'), 'arm is not null') }}
),

logged as (
    select * from {{ ref('int_campaign__account_log') }}
),

final as (
    select
        assignments.account_id,
        assignments.build_id,
        assignments.experiment,
        assignments.arm,
        assignments.wave,
        logged.entry_date,
        coalesce(logged.n_nudged_users, 0) > 0 as is_nudged,
        logged.n_admins,
        logged.n_churned_admins,
        logged.revenue_usd
    from assignments
    left join logged on assignments.account_id = logged.account_id
)

select * from final
