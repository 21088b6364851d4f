select * from {{ ref('int_evaluation__learner_leaderboard') }}
