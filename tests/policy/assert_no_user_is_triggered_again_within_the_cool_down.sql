-- POL-24. A triggered user is left alone for the cool-down; otherwise a user whose activity hovers at the limit would be nudged
-- daily. Rows of other days come from the last publication, must still be there, and are not judged again: another cool-down
-- applied then.
with triggers as (
    select * from {{ ref('momentum_triggers') }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

parameters as (
    select * from {{ ref('momentum_parameters') }}
),

other_days as (
    select
        published.user_id,
        published.triggered_date,
        coalesce(published.data_origin, gate.data_origin) as data_origin
    from {{ source('published', 'momentum_triggers') }} as published
    cross join gate
    where published.triggered_date <> gate.scoring_date
),

triggered_again as (
    select
        triggers.user_id,
        triggers.triggered_date,
        'triggered again' as fault
    from triggers
    inner join gate on triggers.triggered_date = gate.scoring_date and triggers.data_origin = gate.data_origin
    inner join other_days on triggers.user_id = other_days.user_id and triggers.data_origin = other_days.data_origin
    cross join parameters
    where abs(cast(triggers.triggered_date - other_days.triggered_date as int)) < parameters.cool_down_days
),

forgotten as (
    select
        other_days.user_id,
        other_days.triggered_date,
        'forgotten' as fault
    from other_days
    left join triggers using (user_id, triggered_date, data_origin)
    where triggers.user_id is null
),

final as (
    select * from triggered_again
    union all
    select * from forgotten
)

select * from final
