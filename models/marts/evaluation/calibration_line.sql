select * from {{ ref('int_evaluation__calibration_line') }}
