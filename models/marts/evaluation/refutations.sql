select * from {{ ref('int_evaluation__refutations') }}
