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

caps as (
    select * from {{ ref('int_features__winsor_caps') }}
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
        behaviour.prev_nudge_response
    from behaviour
    inner join users on behaviour.user_id = users.user_id
    inner join accounts on behaviour.account_id = accounts.account_id
    cross join caps
)

select * from final
