select * from {{ ref('int_evaluation__arm_diagnostics') }}
