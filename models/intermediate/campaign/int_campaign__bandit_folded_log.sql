{{ config(materialized='view') }}

with final as (
    select
        *,
        {{ hash_bucket('account_id', 2, "'reward fold'") }} as reward_fold
    from {{ ref('stg_bandit_log') }}
)

select * from final
