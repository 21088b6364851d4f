select * from {{ ref('int_uplift__feature_ranges') }}
