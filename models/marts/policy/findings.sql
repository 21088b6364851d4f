with definitions as (
    {{ gated(ref('finding_definitions')) }}
),

measures as (
    select finding_id, account_id, side, measure from {{ ref('int_policy__finding_user_measures') }}
    union all
    select finding_id, account_id, side, measure from {{ ref('int_policy__finding_account_measures') }}
),

by_account as (
    select
        finding_id,
        account_id,
        count(*) filter (where side = 'focus') as focus_n,
        count(*) filter (where side = 'base') as base_n,
        coalesce({{ exact_sum('measure', filter="side = 'focus'") }}, 0) as focus_sum,
        coalesce({{ exact_sum('measure', filter="side = 'base'") }}, 0) as base_sum
    from measures
    group by 1, 2
),

totals as (
    select
        finding_id,
        {{ sum_int('focus_n') }} as focus_n,
        {{ sum_int('base_n') }} as base_n,
        {{ safe_divide('sum(focus_sum)', 'sum(focus_n)') }} as focus_mean,
        {{ safe_divide('sum(base_sum)', 'sum(base_n)') }} as base_mean
    from by_account
    group by 1
),

estimates as (
    select
        definitions.*,
        coalesce(totals.focus_n, 0) as focus_n,
        coalesce(totals.base_n, 0) as base_n,
        totals.focus_mean,
        totals.base_mean,
        case definitions.statistic
            when 'mean' then totals.focus_mean
            when 'difference' then totals.focus_mean - totals.base_mean
            when 'ratio' then {{ safe_divide('totals.focus_mean', 'totals.base_mean') }}
        end as estimate
    from definitions
    left join totals on definitions.finding_id = totals.finding_id
),

-- Delta method: each account's influence on either mean, and through them on the estimate.
influences as (
    select
        by_account.finding_id,
        estimates.statistic,
        estimates.estimate,
        estimates.base_mean,
        {{ safe_divide('by_account.focus_sum - estimates.focus_mean * by_account.focus_n', 'estimates.focus_n') }} as on_focus,
        {{ safe_divide('by_account.base_sum - estimates.base_mean * by_account.base_n', 'estimates.base_n') }} as on_base
    from by_account
    inner join estimates on by_account.finding_id = estimates.finding_id
),

errors as (
    select
        finding_id,
        {{ clustered_error("case statistic
            when 'mean' then on_focus
            when 'difference' then on_focus - on_base
            when 'ratio' then (on_focus - estimate * on_base) / nullif(base_mean, 0)
        end") }} as standard_error
    from influences
    group by 1
),

measured as (
    select
        estimates.*,
        errors.standard_error,
        round(estimates.estimate - {{ margin('errors.standard_error') }}, 6) as lower_95,
        round(estimates.estimate + {{ margin('errors.standard_error') }}, 6) as upper_95
    from estimates
    left join errors on estimates.finding_id = errors.finding_id
),

answered as (
    select
        *,
        case
            when case when is_above then lower_95 > reference_value else upper_95 < reference_value end then 'supported'
            when case when is_above then upper_95 < reference_value else lower_95 > reference_value end then 'contradicted'
            else 'open'
        end as verdict
    from measured
),

final as (
    select
        finding_id,
        finding,
        focus,
        base,
        statistic,
        unit,
        round(estimate, 6) as estimate,
        round(standard_error, 6) as standard_error,
        lower_95,
        upper_95,
        focus_n,
        base_n,
        reference_value,
        is_above,
        verdict,
        case verdict
            when 'supported' then finding when 'contradicted' then opposite
            else 'It is open whether ' || lower(substr(finding, 1, 1)) || substr(finding, 2)
        end as answer
    from answered
)

select * from final
