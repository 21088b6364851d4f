with evaluations as (
    select * from {{ ref('int_bandit__evaluations') }}
),

final as (
    {{ off_policy_estimates('evaluations') }}
)

select * from final
