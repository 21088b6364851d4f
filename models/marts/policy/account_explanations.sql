with decisions as (
    select * from {{ ref('account_policy') }}
    where is_shipped
),

users as (
    select * from {{ ref('int_guardrails__users') }}
),

contributions as (
    select * from {{ ref('int_uplift__contributions') }}
),

feature_values as (
    select * from {{ ref('int_diagnostics__feature_values') }}
),

-- A harmful few decide for the whole account; else all of its users do.
deciding_users as (
    select
        decisions.policy_id,
        decisions.account_id,
        decisions.decision,
        case when decisions.decision = 'target' then 1 else -1 end as direction,
        users.user_id
    from decisions
    inner join users on decisions.policy_id = users.policy_id and decisions.account_id = users.account_id
    where
        decisions.decision not in ('suppress_toxic_admin', 'suppress_toxic_users')
        or (decisions.decision = 'suppress_toxic_users' and users.is_sleeping_dog)
        or (decisions.decision = 'suppress_toxic_admin' and users.is_sleeping_dog and users.is_admin)
),

-- Billionths, so that no mean depends on the order of addition; divided first, so that every engine rounds a tie alike.
explained as (
    select
        deciding_users.account_id,
        deciding_users.decision,
        deciding_users.direction,
        contributions.feature,
        count(*) as n_deciding_users,
        round({{ sum_int('cast(round(contributions.contribution * 1e9) as bigint)') }} / count(*)) / 1e9 as contribution
    from deciding_users
    inner join contributions on deciding_users.user_id = contributions.user_id
    group by 1, 2, 3, 4
),

-- By itself: two tables of a row a user and feature are not joined until each is a row an account and feature.
mean_values as (
    select
        deciding_users.account_id,
        feature_values.feature,
        round(avg(feature_values.feature_value), 6) as mean_value
    from deciding_users
    inner join feature_values on deciding_users.user_id = feature_values.user_id
    group by 1, 2
),

usual_values as (
    select
        feature,
        round(avg(feature_value), 6) as usual_value
    from feature_values
    group by 1
),

ranked as (
    select
        *,
        cast(
            row_number() over (partition by account_id order by direction * contribution desc, feature asc) as int
        ) as feature_rank
    from explained
),

final as (
    select
        ranked.account_id,
        ranked.feature_rank,
        ranked.decision,
        ranked.feature,
        ranked.contribution,
        mean_values.mean_value,
        usual_values.usual_value,
        ranked.n_deciding_users
    from ranked
    inner join mean_values on ranked.account_id = mean_values.account_id and ranked.feature = mean_values.feature
    inner join usual_values on ranked.feature = usual_values.feature
    where ranked.feature_rank <= 3 and ranked.direction * ranked.contribution > 0
)

select * from final
