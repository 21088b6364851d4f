with rules as (
    select * from {{ ref('verdict_rules') }}
),

measures as (
    select * from {{ ref('int_verdicts__measures') }}
),

-- A value that could not be measured fails: unknown means safe.
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
        case
            when rules.comparison = 'at_least' and measures.value >= rules.pass_limit then 'pass'
            when rules.comparison = 'at_most' and measures.value <= rules.pass_limit then 'pass'
            when rules.comparison = 'at_least' and measures.value >= rules.warn_limit then 'warn'
            when rules.comparison = 'at_most' and measures.value <= rules.warn_limit then 'warn'
            else 'fail'
        end as verdict,
        rules.is_blocking,
        rules.remedy
    from rules
    left join measures on rules.verdict_id = measures.verdict_id
)

select * from final
