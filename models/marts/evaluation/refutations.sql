with attempts as (
    select * from {{ ref('int_uplift__refutations') }}
),

learner as (
    select * from {{ ref('learner_parameters') }}
),

adjusted as (
    select * from {{ ref('arm_diagnostics') }}
    where diagnostic_id = 'adjusted_effect'
),

questions as (
    select 'placebo_treatment' as refutation_id, true as is_null_expected, 'Does a shuffled treatment have an effect?' as question
    union all
    select 'permuted_outcome', true, 'Does the nudge have an effect on a shuffled outcome?'
    union all
    select 'negative_control_outcome', true, 'Does the nudge have an effect on activity of five weeks before it?'
    union all
    select 'random_common_cause', false, 'Does the effect move if a random feature is adjusted for?'
    union all
    select 'dropped_accounts', false, 'Does the effect move if a fifth of the accounts is left out?'
),

clipped as (
    select
        attempts.*,
        greatest(learner.propensity_floor, least(1 - learner.propensity_floor, attempts.propensity)) as clipped_propensity
    from attempts
    cross join learner
),

-- Rounded, so that no sum depends on the order of addition by more than the figures show.
by_account as (
    select
        refutation_id,
        account_id,
        count(*) as n_users,
        round(sum(
            p_treated - p_control
            + is_treated * (outcome - p_treated) / clipped_propensity
            - (1 - is_treated) * (outcome - p_control) / (1 - clipped_propensity)
        ), 9) as score_sum
    from clipped
    group by 1, 2
),

totals as (
    select
        refutation_id,
        {{ sum_int('n_users') }} as n_users,
        sum(score_sum) / sum(n_users) as estimate
    from by_account
    group by 1
),

errors as (
    select
        totals.refutation_id,
        sqrt(sum(power(by_account.score_sum - by_account.n_users * totals.estimate, 2))) / max(totals.n_users) as standard_error
    from by_account
    inner join totals on by_account.refutation_id = totals.refutation_id
    group by 1
),

-- 99%, since five attempts are judged at once.
measured as (
    select
        questions.*,
        coalesce(totals.n_users, 0) as n_users,
        round(totals.estimate, 6) as estimate,
        round(errors.standard_error, 6) as standard_error,
        case when questions.is_null_expected then 0 else adjusted.estimate end as expected,
        2.575829304 * case when questions.is_null_expected then errors.standard_error else adjusted.standard_error end as margin
    from questions
    left join totals on questions.refutation_id = totals.refutation_id
    left join errors on questions.refutation_id = errors.refutation_id
    left join adjusted on not questions.is_null_expected
),

final as (
    select
        refutation_id,
        question,
        n_users,
        estimate,
        standard_error,
        round(expected - margin, 6) as expected_lower,
        round(expected + margin, 6) as expected_upper,
        coalesce(estimate between round(expected - margin, 6) and round(expected + margin, 6), false) as holds
    from measured
)

select * from final
