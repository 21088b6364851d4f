select * from {{ ref('int_uplift__user_scores') }}
