select * from {{ ref('int_evaluation__spill_over') }}
