select * from {{ ref('input_bandit_log') }}
