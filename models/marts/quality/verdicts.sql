with verdicts as (
    select * from {{ ref('int_evaluation__verdicts') }}
),

known as (
    select * from {{ ref('int_build__remarks') }}
),

final as (
    select
        verdicts.*,
        case when verdicts.check_group = 'model' and verdicts.verdict in ('fail', 'unknown') then known.what_is_known end
            as what_is_known
    from verdicts
    cross join known
)

select * from final
