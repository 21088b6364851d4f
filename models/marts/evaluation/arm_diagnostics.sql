with arm_terms as (
    select * from {{ ref('int_evaluation__arm_terms') }}
),

by_account as (
    select
        diagnostic_id,
        term,
        term_sign,
        account_id,
        count(*) as n_rows,
        round(sum(measure), 9) as measure_sum
    from arm_terms
    group by 1, 2, 3, 4
),

terms as (
    select
        diagnostic_id,
        term,
        term_sign,
        {{ sum_int('n_rows') }} as n_rows,
        sum(measure_sum) / sum(n_rows) as term_mean
    from by_account
    group by 1, 2, 3
),

estimates as (
    select
        diagnostic_id,
        {{ sum_int('n_rows') }} as n_rows,
        count(*) as n_terms,
        sum(term_sign * term_mean) as estimate
    from terms
    group by 1
),

-- How far each account alone moves the estimate, through all of its terms at once: their errors are dependent.
influences as (
    select
        by_account.diagnostic_id,
        by_account.account_id,
        sum(by_account.term_sign * (by_account.measure_sum - by_account.n_rows * terms.term_mean) / terms.n_rows) as influence
    from by_account
    inner join terms on by_account.diagnostic_id = terms.diagnostic_id and by_account.term = terms.term
    group by 1, 2
),

errors as (
    select
        diagnostic_id,
        count(*) as n_accounts,
        sqrt(sum(influence * influence)) as standard_error
    from influences
    group by 1
),

final as (
    select
        estimates.diagnostic_id,
        estimates.n_rows,
        errors.n_accounts,
        round(estimates.estimate, 6) as estimate,
        round(errors.standard_error, 6) as standard_error,
        round(estimates.estimate - 1.959963985 * errors.standard_error, 6) as estimate_lower,
        round(estimates.estimate + 1.959963985 * errors.standard_error, 6) as estimate_upper,
        round({{ safe_divide('estimates.estimate', 'errors.standard_error') }}, 6) as z
    from estimates
    inner join errors on estimates.diagnostic_id = errors.diagnostic_id
    -- Half of a difference is no diagnosis.
    where estimates.n_terms > 1 or estimates.diagnostic_id = 'adjusted_effect'
)

select * from final
