with users as (
    select * from {{ ref('stg_users') }}
),

scores as (
    select * from {{ ref('prospective_scores') }}
),

policies as (
    select * from {{ ref('int_scoring__policy') }}
),

final as (
    select
        policies.policy_id,
        scores.user_id,
        scores.account_id,
        scores.as_of_date,
        coalesce(users.is_admin, true) as is_admin,
        scores.lift,
        scores.lift_lower,
        scores.lift_upper,
        scores.model_build_id,
        {{ is_sleeping_dog('scores', 'policies') }} as is_sleeping_dog
    from scores
    left join users on scores.user_id = users.user_id
    cross join policies
)

select * from final
