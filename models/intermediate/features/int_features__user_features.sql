with behaviour as (
    select * from {{ ref('int_features__behaviour') }}
),

context as (
    select * from {{ ref('int_features__context') }}
),

winsor_caps as (
    select * from {{ ref('int_features__winsor_caps') }}
),

caps as (
    select
        {%- for feature in winsorised_features() %}
        max(case when feature = '{{ feature }}' then cap end) as {{ feature }}{{ ',' if not loop.last }}
        {%- endfor %}
    from winsor_caps
),

final as (
    select
        behaviour.user_id,
        behaviour.account_id,
        behaviour.as_of_date,
        behaviour.purpose,
        behaviour.intervention_id,
        {%- for feature in winsorised_features() %}
        {{ winsorise('behaviour.' ~ feature, 'caps.' ~ feature) }} as {{ feature }},
        {%- endfor %}
        behaviour.days_observed_30d,
        behaviour.feature_diversity_30d,
        behaviour.momentum,
        behaviour.has_no_activity,
        behaviour.days_since_last_active,
        {{ dbt.datediff('context.user_created_date', 'behaviour.as_of_date', 'day') }} as tenure_days,
        context.role_type,
        context.is_admin,
        context.seat_count,
        context.size_bucket,
        context.plan_tier,
        behaviour.prev_nudge_response
    from behaviour
    inner join context on behaviour.user_id = context.user_id
    cross join caps
)

select * from final
