with behaviour as (
    select * from {{ ref('int_features__behaviour') }}
    {{ where_in_scope() }}
),

users as (
    select * from {{ ref('stg_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

nudges as (
    select * from {{ ref('int_features__nudges') }}
    {{ where_in_scope() }}
),

-- The discrete percentile needs no interpolation, so every engine finds the same cap. A refresh uses the published model's caps.
caps as (
    {% if var('refresh') %}
    select * from {{ source('published', 'feature_caps') }}
    {% else %}
    select {{ winsor_caps('percentile_disc(0.99) within group (order by training_rows.{})') }}
    from {{ ref('int_features__behaviour') }} as training_rows
    inner join {{ ref('stg_outcomes') }} as outcomes on training_rows.observation_id = outcomes.intervention_id
    where training_rows.population = 'campaign' and outcomes.is_converted is not null
    {% endif %}
),

final as (
    select
        behaviour.population,
        behaviour.campaign_id,
        behaviour.observation_id,
        behaviour.user_id,
        behaviour.account_id,
        behaviour.as_of_date,
        -- Not `least`, which ignores nulls and would turn an unknown value into the cap.
        {% for feature in winsorised_features() %}
        case when behaviour.{{ feature }} > caps.{{ feature }}_cap then caps.{{ feature }}_cap else behaviour.{{ feature }} end
            as {{ feature }},
        {% endfor %}
        behaviour.days_observed_30d,
        behaviour.feature_diversity_30d,
        behaviour.momentum,
        behaviour.prior_week_on_week_change,
        behaviour.has_no_activity,
        behaviour.days_since_last_active,
        cast(behaviour.as_of_date - users.user_created_date as int) as tenure_days,
        users.role_type,
        users.is_admin,
        accounts.seat_count,
        case
            when accounts.seat_count <= 10 then 'small'
            when accounts.seat_count <= 50 then 'mid'
            when accounts.seat_count > 50 then 'large'
        end as size_bucket,
        accounts.plan_tier,
        coalesce(interventions.prev_nudge_response, nudges.nudge_response, 'none') as prev_nudge_response
    from behaviour
    inner join users on behaviour.user_id = users.user_id
    inner join accounts on behaviour.account_id = accounts.account_id
    left join nudges on behaviour.population = nudges.population and behaviour.observation_id = nudges.observation_id
    left join interventions
        on behaviour.population = 'campaign' and behaviour.observation_id = interventions.intervention_id
    cross join caps
)

select * from final
