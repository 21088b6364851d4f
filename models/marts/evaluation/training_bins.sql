select * from {{ ref('int_uplift__training_bins') }}
