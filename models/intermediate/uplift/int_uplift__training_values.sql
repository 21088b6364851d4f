{{ config(materialized='view') }}

-- Today's users differ from those of past campaigns, so their lift does, too: it is followed from the day of the fit.
{{ unpivot_features(ref('int_uplift__training_users'), 'campaign', name='quantity') }}
union all
select
    observation_id,
    'lift' as quantity,
    lift as quantity_value
from {{ ref('int_uplift__user_scores') }}
where population = 'today' and unseen_features is null
