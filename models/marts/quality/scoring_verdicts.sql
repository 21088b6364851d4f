with rules as (
    select * from {{ ref('verdict_rules') }}
    where subject = 'scoring'
),

measures as (
    select
        case when quantity = 'lift' then 'VER-14' else 'VER-13' end as verdict_id,
        max(psi) as value
    from {{ ref('population_drift') }}
    group by 1
),

final as (
    select
        rules.verdict_id,
        rules.question,
        measures.value,
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
