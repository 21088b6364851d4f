select * from {{ ref('base_raw_columns') }}
