with final as (
    select * from {{ ref('int_evaluation__learner_leaderboard') }}
)

select * from final
