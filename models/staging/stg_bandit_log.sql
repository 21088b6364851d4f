with final as (
    select * from {{ ref('input_bandit_log') }}
)

select * from final
