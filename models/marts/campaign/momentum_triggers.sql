-- The list is its own memory, whatever a run is told of its raw tables: what it said of other days is kept, and what it said of
-- this day is said anew. Users of an invented world and those of a company have nothing to do with each other.
with triggers as (
    {{ gated(ref('int_campaign__momentum_triggers')) }}
),

gate as (
    select * from {{ ref('int_build__publication_gate') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

parameters as (
    select * from {{ ref('momentum_parameters') }}
),

triggers_today as (
    select
        triggers.*,
        parameters.cool_down_days,
        gate.data_origin
    from triggers
    cross join gate
    cross join parameters
),

history as (
    select
        triggered.user_id,
        triggered.account_id,
        triggered.policy_id,
        triggered.triggered_date,
        triggered.week_on_week_change,
        triggered.prior_week_on_week_change,
        triggered.lift,
        triggered.lift_lower,
        triggered.lift_upper,
        triggered.build_id,
        triggered.cool_down_days,
        -- Rows of before this was recorded.
        coalesce(triggered.data_origin, gate.data_origin) as data_origin
    from {{ source('published', 'momentum_triggers') }} as triggered
    cross join gate
),

kept as (
    select history.*
    from history
    cross join scoring
    cross join gate
    where history.triggered_date <> scoring.scoring_date or history.data_origin <> gate.data_origin
),

-- By the cool-down of this day: another one held on other days, and what was said then stands.
cooling_down as (
    select distinct triggers_today.user_id
    from triggers_today
    inner join kept on triggers_today.user_id = kept.user_id and triggers_today.data_origin = kept.data_origin
    where abs(cast(triggers_today.triggered_date - kept.triggered_date as int)) < triggers_today.cool_down_days
),

all_days as (
    select triggers_today.*
    from triggers_today
    left join cooling_down on triggers_today.user_id = cooling_down.user_id
    where cooling_down.user_id is null
    union all
    select * from kept
),

-- What is known of users today: of other days the list remembers ids alone, and a user may be gone.
final as (
    select
        all_days.*,
        users.user_name,
        users.email,
        users.role_type,
        {{ known_by('accounts') }}
    from all_days
    cross join gate
    left join users on all_days.user_id = users.user_id and all_days.data_origin = gate.data_origin
    left join accounts on all_days.account_id = accounts.account_id and all_days.data_origin = gate.data_origin
)

select * from final
