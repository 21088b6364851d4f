select * from {{ ref('int_evaluation__population_drift') }}
