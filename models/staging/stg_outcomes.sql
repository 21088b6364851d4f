select
    user_id,
    intervention_id,
    is_converted,
    activation_date,
    outcome_window_days,
    has_negative_reaction,
    revenue_usd
from {{ ref('base_outcomes') }}
where reject_reason is null
