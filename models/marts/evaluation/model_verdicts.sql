with rules as (
    select * from {{ ref('verdict_rules') }}
    where subject = 'model'
),

measures as (
    select * from {{ ref('int_evaluation__verdict_measures') }}
),

final as (
    select
        rules.verdict_id,
        rules.question,
        measures.value,
        measures.value_lower,
        measures.value_upper,
        rules.comparison,
        rules.pass_limit,
        rules.warn_limit,
        {{ verdict() }} as verdict,
        rules.is_blocking,
        rules.remedy
    from rules
    left join measures on rules.verdict_id = measures.verdict_id
)

select * from final
