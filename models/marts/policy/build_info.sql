select * from {{ ref('int_build__publication_gate') }}
