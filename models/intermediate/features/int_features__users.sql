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

outcomes as (
    select * from {{ ref('stg_outcomes') }}
),

-- What is known today of how a user takes nudges: as last recorded, unless the last nudge was taken badly.
last_interventions as (
    select
        interventions.user_id,
        case
            when interventions.is_treated and outcomes.has_negative_reaction then 'negative'
            else interventions.prev_nudge_response
        end as prev_nudge_response,
        row_number() over (
            partition by interventions.user_id
            order by interventions.intervention_date desc, interventions.intervention_id desc
        ) as recency_rank
    from interventions
    left join outcomes on interventions.intervention_id = outcomes.intervention_id
),

responses as (
    select
        'campaign' as population,
        intervention_id as observation_id,
        prev_nudge_response
    from interventions
    union all
    select
        'today' as population,
        user_id as observation_id,
        prev_nudge_response
    from last_interventions
    where recency_rank = 1
),

-- The discrete percentile is a value that some user has: nothing to interpolate, so every engine finds the same cap.
-- A refresh caps as the published model was taught.
caps as (
    {% if var('refresh') %}
    select * from {{ source('published', 'feature_caps') }}
    {% else %}
    select {{ winsor_caps('percentile_disc(0.99) within group (order by training_rows.{})') }}
    from {{ ref('int_features__behaviour') }} as training_rows
    inner join outcomes on training_rows.observation_id = outcomes.intervention_id
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
        {% for feature in winsorised_features() %}
        {{ winsorise('behaviour.' ~ feature, 'caps.' ~ feature ~ '_cap') }} as {{ feature }},
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
        coalesce(responses.prev_nudge_response, 'none') as prev_nudge_response
    from behaviour
    inner join users on behaviour.user_id = users.user_id
    inner join accounts on behaviour.account_id = accounts.account_id
    left join responses
        on behaviour.population = responses.population and behaviour.observation_id = responses.observation_id
    cross join caps
)

select * from final
