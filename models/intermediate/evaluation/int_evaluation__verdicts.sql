with checks as (
    select * from {{ ref('checks') }}
),

accepted as (
    select * from {{ ref('accepted_checks') }}
),

measures as (
    select
        check_id,
        subject,
        change as value,
        cast(null as double) as value_lower,
        cast(null as double) as value_upper,
        measure_before,
        measure_now
    from {{ ref('stg_delivery_changes') }}
    union all
    select 'lift_psi', null, psi, null, null, null, null
    from {{ ref('int_evaluation__population_drift') }}
    where quantity = 'lift'
    union all
    select 'seen_share', null, count(*) filter (where unseen_features is null) / cast(count(*) as double), null, null, null, null
    from {{ ref('int_uplift__user_scores') }}
    where population = 'today'
    having count(*) > 0
    {% if var('refresh') %}
    -- A refresh uses the published model, which was judged at publication.
    union all
    select check_id, null, value, value_lower, value_upper, null, null
    from {{ source('published', 'verdicts') }}
    where check_group in ('data', 'identification', 'model')
    {% else %}
    union all
    select check_id, null, value, null, null, null, null from {{ ref('int_evaluation__data_measures') }}
    union all
    select check_id, null, value, value_lower, value_upper, null, null from {{ ref('int_evaluation__model_measures') }}
    {% endif %}
),

-- Every check has a verdict, except delivery checks without a previous delivery.
judged as (
    select
        checks.check_id,
        checks.check_group,
        coalesce(measures.subject, checks.check_group) as subject,
        checks.question,
        checks.statistic,
        measures.value,
        measures.value_lower,
        measures.value_upper,
        measures.measure_before,
        measures.measure_now,
        checks.comparison,
        checks.pass_limit,
        checks.warn_limit,
        {{ verdict('measures.value', 'checks') }} as verdict,
        case when {{ verdict('measures.value', 'checks') }} = 'unknown' then checks.why_unknown end as why_unknown,
        checks.blocks_on,
        checks.remedy
    from checks
    left join measures on checks.check_id = measures.check_id
    where checks.check_group <> 'delivery' or measures.check_id is not null
),

-- Acceptance keeps the verdict and only stops it from blocking.
ruled as (
    select
        judged.*,
        accepted.check_id is not null as is_accepted,
        accepted.reason as accepted_reason,
        accepted.accepted_by,
        accepted.accepted_on,
        accepted.check_id is null and case judged.blocks_on
            when 'fail' then judged.verdict = 'fail'
            when 'fail_in_refresh' then judged.verdict = 'fail' and {{ var('refresh') }}
            when 'fail_or_unknown' then judged.verdict in ('fail', 'unknown')
            else false
        end as is_blocking
    from judged
    left join accepted on judged.check_id = accepted.check_id and judged.verdict in ('fail', 'unknown')
),

final as (
    select
        *,
        case
            when is_blocking
                then
                    check_id || case when check_group = 'delivery' then ' of ' || subject else ' (' || statistic || ')' end
                    -- All digits, where rounding would hide the reason.
                    || ' '
                    || coalesce(
                        cast(case when round(value, 4) = warn_limit then value else round(value, 4) end as string), 'unknown'
                    )
                    || case
                        when check_group = 'delivery' then ', allowed '
                        else ', needed ' || replace(comparison, '_', ' ') || ' '
                    end || cast(warn_limit as string)
        end as objection
    from ruled
)

select * from final
