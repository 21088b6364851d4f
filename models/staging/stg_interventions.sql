select
    intervention_id,
    user_id,
    account_id,
    intervention_date,
    is_eligible,
    is_treated,
    is_sent,
    delivery_channel,
    prev_nudge_response,
    campaign_id,
    assignment_probability
from {{ ref('base_interventions') }}
where reject_reason is null
