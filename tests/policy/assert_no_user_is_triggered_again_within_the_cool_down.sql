-- POL-24. Who was nudged for a change of momentum is left alone for the days of the cool-down, or a user whose activity hovers at
-- the limit would be nudged day after day.
with triggers as (
    select * from {{ ref('momentum_triggers') }}
),

parameters as (
    select * from {{ ref('momentum_parameters') }}
)

select
    earlier.user_id,
    earlier.triggered_date,
    later.triggered_date as triggered_again_date
from triggers as earlier
inner join triggers as later
    on earlier.user_id = later.user_id and earlier.triggered_date < later.triggered_date
cross join parameters
where cast(later.triggered_date - earlier.triggered_date as int) < parameters.cool_down_days
