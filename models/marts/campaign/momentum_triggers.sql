-- The list is its own memory: rows of other days are kept and those of this day replaced. Generated and loaded users are kept
-- apart.
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
        -- Older rows lack the value.
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

-- Today's cool-down; triggers of other days keep theirs.
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

-- Today's attributes: for other days the list keeps only ids, and a user may be gone.
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
