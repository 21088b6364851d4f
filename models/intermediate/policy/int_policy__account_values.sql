with accounts as (
    select * from {{ ref('stg_accounts') }}
),

plan_values as (
    select * from {{ ref('plan_values') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

margins as (
    select
        accounts.account_id,
        accounts.seat_count,
        accounts.is_cs_assigned,
        plan_values.*,
        -- Contracts are annual, so a past renewal repeats on the same day of the year. Half a year if unknown.
        coalesce(
            ((cast(accounts.renewal_date - scoring.scoring_date as int) % 365 + 365) % 365) / cast(365 as double), 0.5
        ) as years_to_renewal,
        -- Negative revenue (refunds) must not make a customer worth losing.
        case
            when accounts.annual_recurring_revenue_usd < 0 then 0.0
            else coalesce(
                accounts.annual_recurring_revenue_usd,
                accounts.seat_count * plan_values.assumed_annual_revenue_per_seat_usd
            )
        end * plan_values.gross_margin as annual_margin_usd
    from accounts
    left join plan_values on accounts.plan_tier = plan_values.plan_tier
    cross join scoring
),

-- Gupta, Lehmann and Stuart (2004), "Valuing customers".
lifetimes as (
    select
        *,
        annual_margin_usd / power(1 + discount_rate, years_to_renewal)
        * (1 + discount_rate) / (1 + discount_rate - annual_retention) as lifetime_value_usd
    from margins
),

final as (
    select
        account_id,
        round(years_to_renewal, 6) as years_to_renewal,
        round(lifetime_value_usd, 4) as lifetime_value_usd,
        round(
            retention_gain_per_conversion * {{ safe_divide('lifetime_value_usd', 'seat_count') }}, 4
        ) as value_per_conversion_usd,
        round(
            churn_probability_per_harmed_admin * (lifetime_value_usd + replacement_cost_usd), 4
        ) as loss_per_harmed_admin_usd,
        round(lifetime_value_usd + replacement_cost_usd, 4) as loss_if_churned_usd,
        case when coalesce(is_cs_assigned, true) then success_hours else 0.0 end as success_hours
    from lifetimes
)

select * from final
