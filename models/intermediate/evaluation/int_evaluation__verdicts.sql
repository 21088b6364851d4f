with checks as (
    select * from {{ ref('checks') }}
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
    select case when quantity = 'lift' then 'lift_psi' else 'feature_psi' end, null, max(psi), null, null, null, null
    from {{ ref('int_evaluation__population_drift') }}
    group by 1
    {% if var('refresh') %}
    -- A refresh decides by the model that was published, and so was judged then.
    union all
    select check_id, null, value, value_lower, value_upper, null, null
    from {{ source('published', 'verdicts') }}
    where check_group in ('data', 'model')
    {% else %}
    union all
    select check_id, null, value, null, null, null, null from {{ ref('int_evaluation__data_measures') }}
    union all
    select check_id, null, value, value_lower, value_upper, null, null from {{ ref('int_evaluation__model_measures') }}
    {% endif %}
),

-- Every check has a verdict, but for those of a delivery that nothing can be compared with.
final as (
    select
        checks.check_id,
        checks.check_group,
        coalesce(measures.subject, checks.check_group) as subject,
        checks.question,
        measures.value,
        measures.value_lower,
        measures.value_upper,
        measures.measure_before,
        measures.measure_now,
        checks.comparison,
        checks.pass_limit,
        checks.warn_limit,
        {{ verdict('measures.value', 'checks') }} as verdict,
        checks.is_blocking,
        checks.remedy
    from checks
    left join measures on checks.check_id = measures.check_id
    where checks.check_group <> 'delivery' or measures.check_id is not null
)

select * from final
