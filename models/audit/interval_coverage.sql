with truth as (
    select * from {{ ref('int_audit__users') }}
    where is_shipped
),

scores as (
    select * from {{ ref('int_uplift__user_scores') }}
),

learner as (
    select
        deciding_learner,
        interval_level,
        {{ normal_quantile('(1 + interval_level) / 2') }} as interval_width
    from {{ ref('learner_parameters') }}
),

-- The normal approximation needs enough users.
groups as (
    select * from {{ ref('int_audit__group_effects') }}
    where n_users >= 50
),

ranked_users as (
    select
        ranked_users.observation_id,
        ranked_users.decile
    from {{ ref('int_evaluation__ranked_users') }} as ranked_users
    inner join learner on ranked_users.learner_id = learner.deciding_learner
),

calibration as (
    select * from {{ ref('lift_calibration') }}
),

users as (
    select
        truth.population,
        truth.observation_id,
        truth.true_group,
        truth.true_lift,
        truth.true_lift between scores.lift_lower and scores.lift_upper as is_covered
    from truth
    inner join scores on truth.population = scores.population and truth.observation_id = scores.observation_id
    where scores.lift_se is not null
),

deciles as (
    select
        ranked_users.decile,
        avg(users.true_lift) as true_lift
    from users
    inner join ranked_users on users.population = 'campaign' and users.observation_id = ranked_users.observation_id
    group by 1
),

measured as (
    select
        users.population,
        'lift of a user' as interval_id,
        coalesce(groups_of_users.user_group, users.true_group) as user_group,
        users.is_covered
    from users
    cross join (values ('everybody'), (null)) as groups_of_users (user_group)
    union all
    select
        'campaign',
        'effect on a decile',
        'everybody',
        deciles.true_lift between calibration.observed_lift_lower and calibration.observed_lift_upper
    from deciles
    inner join calibration on deciles.decile = calibration.decile
    union all
    select
        'campaign',
        'effect on a group',
        'everybody',
        abs(groups.effect - groups.true_effect) <= learner.interval_width * groups.effect_se
    from groups
    cross join learner
),

final as (
    select
        measured.population,
        measured.interval_id,
        measured.user_group,
        count(*) as n_intervals,
        case when measured.interval_id = 'effect on a decile' then 0.95 else max(learner.interval_level) end as nominal_share,
        round(avg(cast(measured.is_covered as int)), 9) as covered_share
    from measured
    cross join learner
    group by 1, 2, 3
)

select * from final
