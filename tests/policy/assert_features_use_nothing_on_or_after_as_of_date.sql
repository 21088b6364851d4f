-- POL-10. A feature that sees the day of the nudge or later leaks the outcome. Features must follow from activity strictly before
-- the intervention (or the scoring date), recomputed here from the dates of record, not the spine's. Winsorising only lowers a
-- total.
with features as (
    select * from {{ ref('int_features__users') }}
    {{ where_in_scope() }}
),

own_features as (
    select
        population,
        observation_id,
        max(valid_from) as last_valid_from
    from {{ ref('int_features__own') }}
    {{ where_in_scope() }}
    group by 1, 2
),

activity as (
    select * from {{ ref('stg_user_activity_daily') }}
),

interventions as (
    select * from {{ ref('stg_interventions') }}
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

cutoffs as (
    select
        features.population,
        features.observation_id,
        features.user_id,
        case
            when features.population = 'campaign' then interventions.intervention_date
            else scoring.scoring_date
        end as cutoff_date
    from features
    left join interventions on features.observation_id = interventions.intervention_id
    cross join scoring
),

earlier_activity as (
    select
        cutoffs.population,
        cutoffs.observation_id,
        count(*) as days_observed,
        {{ sum_int('activity.core_action_count + activity.collab_action_count') }} as actions,
        {{ sum_int('activity.time_spent_minutes') }} as minutes
    from activity
    inner join cutoffs
        on
            activity.user_id = cutoffs.user_id
            and activity.activity_date < cutoffs.cutoff_date
            and activity.activity_date >= {{ days_before('cutoffs.cutoff_date', 30) }}
    group by 1, 2
),

final as (
    select
        features.population,
        features.observation_id,
        features.as_of_date
    from features
    inner join cutoffs
        on features.population = cutoffs.population and features.observation_id = cutoffs.observation_id
    left join own_features
        on features.population = own_features.population and features.observation_id = own_features.observation_id
    left join earlier_activity
        on features.population = earlier_activity.population and features.observation_id = earlier_activity.observation_id
    where
        features.days_since_last_active < 1
        or features.days_observed_30d <> coalesce(earlier_activity.days_observed, 0)
        or features.actions_30d > coalesce(earlier_activity.actions, 0)
        or features.minutes_30d > coalesce(earlier_activity.minutes, 0)
        or own_features.last_valid_from >= cutoffs.cutoff_date
)

select * from final
