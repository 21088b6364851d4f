select
    user_id,
    feature,
    feature_value,
    valid_from
from {{ ref('base_user_features') }}
where reject_reason is null
