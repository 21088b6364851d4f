-- POL-10. A feature that sees the day of the nudge or a later one has seen the nudge's effect: its lift would be read
-- off the answer. What the learner is given must come out of each user's activity strictly before the intervention (or
-- the scoring date), recomputed here from the dates of record, not from the spine's. Winsorising only lowers a total.
with features as (
    select *, 'retrospective' as purpose from {{ ref('int_features__users') }}
    union all
    select *, 'prospective' as purpose from {{ ref('int_features__prospective') }}
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
        features.user_id,
        features.purpose,
        coalesce(interventions.intervention_date, scoring.scoring_date) as cutoff_date
    from features
    left join interventions on features.intervention_id = interventions.intervention_id
    cross join scoring
),

earlier_activity as (
    select
        cutoffs.user_id,
        cutoffs.purpose,
        count(*) as days_observed,
        {{ sum_int('activity.core_action_count + activity.collab_action_count') }} as actions,
        {{ sum_int('activity.time_spent_minutes') }} as minutes
    from activity
    inner join cutoffs
        on
            activity.user_id = cutoffs.user_id
            and activity.activity_date < cutoffs.cutoff_date
            and activity.activity_date >= {{ days_before('cutoffs.cutoff_date', 30) }}
    group by cutoffs.user_id, cutoffs.purpose
)

select
    features.user_id,
    features.purpose,
    features.as_of_date
from features
left join earlier_activity
    on features.user_id = earlier_activity.user_id and features.purpose = earlier_activity.purpose
where
    features.days_since_last_active < 1
    or features.days_observed_30d <> coalesce(earlier_activity.days_observed, 0)
    or features.actions_30d > coalesce(earlier_activity.actions, 0)
    or features.minutes_30d > coalesce(earlier_activity.minutes, 0)
