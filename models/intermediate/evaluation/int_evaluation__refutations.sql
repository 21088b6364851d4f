with attempts as (
    select * from {{ ref('int_uplift__refutations') }}
),

adjusted as (
    select * from {{ ref('int_evaluation__arm_diagnostics') }}
    where diagnostic_id = 'adjusted_effect'
),

questions as (
    select
        'negative_control_outcome' as refutation_id,
        'assumption' as refutes,
        true as is_null_expected,
        'Does the nudge have an effect on activity of five weeks before it?' as question
    union all
    select 'colleague_treatment', 'assumption', true, 'Does the nudge of a colleague have an effect?'
    union all
    select 'permuted_outcome', 'code', true, 'Does the nudge have an effect on the outcomes of other accounts?'
    union all
    select 'random_common_cause', 'code', false, 'Does the effect move if a random trait of the account is adjusted for?'
    union all
    select 'dropped_accounts', 'code', false, 'Does the effect move if a fifth of the accounts is left out?'
),

scored as (
    select
        refutation_id,
        account_id,
        {{ doubly_robust_score('propensity') }} as dr_score
    from attempts
),

effects as (
    {{ clustered_means('scored', 'dr_score', by=['refutation_id']) }}
),

-- 99%, since five refutations are judged at once. By the attempt's own error: an attempt uses only a sample of a large campaign's
-- users, the adjusted effect all.
measured as (
    select
        questions.*,
        coalesce(effects.n_rows, 0) as n_users,
        round(effects.mean, 6) as estimate,
        round(effects.standard_error, 6) as standard_error,
        case when questions.is_null_expected then 0 else adjusted.estimate end as expected,
        {{ margin('effects.standard_error', level=0.99) }} as margin
    from questions
    left join effects on questions.refutation_id = effects.refutation_id
    left join adjusted on not questions.is_null_expected
),

final as (
    select
        refutation_id,
        refutes,
        question,
        n_users,
        estimate,
        standard_error,
        round(expected - margin, 6) as expected_lower,
        round(expected + margin, 6) as expected_upper,
        estimate between round(expected - margin, 6) and round(expected + margin, 6) as holds
    from measured
)

select * from final
