select * from {{ ref('int_evaluation__data_quality') }}
