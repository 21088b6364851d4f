-- POL-12: In every pair of halves, an account used in training is scored by the half without it. The half is recomputed from the
-- id.
with training_accounts as (
    select distinct account_id
    from {{ ref('int_uplift__training_users') }}
),

scores as (
    select * from {{ ref('int_uplift__scores') }}
),

learner as (
    select cast(power(2, account_pairs) as bigint) as n_patterns
    from {{ ref('learner_parameters') }}
),

final as (
    select
        scores.population,
        scores.observation_id,
        scores.learner_id,
        scores.scoring_halves
    from scores
    inner join training_accounts on scores.account_id = training_accounts.account_id
    cross join learner
    where
        scores.scoring_halves is distinct from
        learner.n_patterns - 1 - {{ hex_to_int("substr(md5('halves:' || scores.account_id), 1, 15)") }} % learner.n_patterns
)

select * from final
