select
    observation_id as intervention_id,
    campaign_id,
    user_id,
    account_id,
    is_treated,
    outcome,
    p_control,
    p_treated,
    propensity,
    clipped_propensity,
    is_propensity_clipped,
    dr_score
from {{ ref('int_uplift__doubly_robust_scores') }}
