-- The list is its own memory: what it said of other days is kept, and what it said of this day is said anew.
with triggers as (
    {{ gated(ref('int_campaign__momentum_triggers')) }}
),

users as (
    select * from {{ ref('stg_users') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

parameters as (
    select * from {{ ref('momentum_parameters') }}
),

history as (
    select
        user_id,
        account_id,
        policy_id,
        triggered_date,
        week_on_week_change,
        prior_week_on_week_change,
        lift,
        lift_lower,
        lift_upper,
        build_id
    from {{ source('published', 'momentum_triggers') }}
    -- A generated world has nothing to do with the one before it.
    where {{ var('refresh') or var('deliveries') != 'ignore' }}
),

other_days as (
    select history.*
    from history
    cross join scoring
    where history.triggered_date <> scoring.scoring_date
),

cooling_down as (
    select distinct triggers.user_id
    from triggers
    inner join other_days on triggers.user_id = other_days.user_id
    cross join parameters
    where
        abs(cast(triggers.triggered_date - other_days.triggered_date as int)) < parameters.cool_down_days
),

all_days as (
    select triggers.*
    from triggers
    left join cooling_down on triggers.user_id = cooling_down.user_id
    where cooling_down.user_id is null
    union all
    select * from other_days
),

-- What is known of users today: of other days the list remembers ids alone, and a user may be gone.
final as (
    select
        all_days.*,
        users.user_name,
        users.email,
        users.role_type
    from all_days
    left join users on all_days.user_id = users.user_id
)

select * from final
