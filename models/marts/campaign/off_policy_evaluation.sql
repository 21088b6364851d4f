with evaluations as (
    select * from {{ ref('int_campaign__bandit_evaluations') }}
),

final as (
    {{ off_policy_estimates('evaluations') }}
)

select * from final
