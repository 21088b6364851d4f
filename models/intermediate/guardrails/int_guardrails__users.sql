{{ config(materialized='view') }}

with users as (
    select * from {{ ref('stg_users') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

policies as (
    select
        *,
        {{ normal_quantile('harm_confidence') }} as harm_quantile
    from {{ ref('int_guardrails__policies') }}
),

final as (
    select
        policies.policy_id,
        scores.user_id,
        scores.account_id,
        coalesce(users.is_admin, true) as is_admin,
        scores.lift,
        scores.lift_se,
        {{ is_sleeping_dog('scores', 'policies') }} as is_sleeping_dog
    from scores
    left join users on scores.user_id = users.user_id
    cross join policies
    where policies.counts_unobserved_users or scores.has_observed_outcome
)

select * from final
