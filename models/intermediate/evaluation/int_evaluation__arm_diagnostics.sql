with by_account as (
    select
        diagnostic_id,
        term,
        term_sign,
        account_id,
        count(*) as n_rows,
        {{ exact_sum('measure') }} as measure_sum
    from {{ ref('int_evaluation__arm_terms') }}
    group by 1, 2, 3, 4
),

terms as (
    select
        *,
        sum(n_rows) over term_of_diagnostic as term_rows,
        sum(measure_sum) over term_of_diagnostic / sum(n_rows) over term_of_diagnostic as term_mean
    from by_account
    window term_of_diagnostic as (partition by diagnostic_id, term)
),

-- An account enters all terms of an estimate, so their errors are correlated.
influences as (
    select
        diagnostic_id,
        account_id,
        {{ sum_int('n_rows') }} as n_rows,
        sum(term_sign * measure_sum / term_rows) as part_of_estimate,
        sum(term_sign * (measure_sum - n_rows * term_mean) / term_rows) as influence
    from terms
    group by 1, 2
),

estimates as (
    select
        diagnostic_id,
        {{ sum_int('n_rows') }} as n_rows,
        count(*) as n_accounts,
        sum(part_of_estimate) as estimate,
        {{ clustered_error('influence') }} as standard_error
    from influences
    group by 1
),

-- A difference needs both of its sides, unless it is taken within each row.
whole as (
    select diagnostic_id
    from terms
    group by 1
    having count(distinct term) > 1 or diagnostic_id in ('adjusted_effect', 'declared_ratio_difference')
),

final as (
    select
        estimates.diagnostic_id,
        estimates.n_rows,
        estimates.n_accounts,
        round(estimates.estimate, 6) as estimate,
        round(estimates.standard_error, 6) as standard_error,
        round(estimates.estimate - {{ margin('estimates.standard_error') }}, 6) as estimate_lower,
        round(estimates.estimate + {{ margin('estimates.standard_error') }}, 6) as estimate_upper,
        round({{ safe_divide('estimates.estimate', 'estimates.standard_error') }}, 6) as z
    from estimates
    inner join whole on estimates.diagnostic_id = whole.diagnostic_id
)

select * from final
