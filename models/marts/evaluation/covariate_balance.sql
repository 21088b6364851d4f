select * from {{ ref('int_evaluation__covariate_balance') }}
