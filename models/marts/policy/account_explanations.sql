{% set features = learner_feature_expressions() | list %}

with deciding_users as (
    {{ gated(ref('int_policy__deciding_users')) }}
),

contributions as (
    select * from {{ ref('int_policy__contributions') }}
),

feature_values as (
    select * from {{ ref('int_uplift__inputs') }}
    where population = 'today'
),

-- Integers, so means don't depend on the order of addition; divided first, so engines round ties the same way.
by_account as (
    select
        deciding_users.account_id,
        deciding_users.decision,
        deciding_users.direction,
        {% for feature in features %}
        round({{ sum_int(billionths('contributions.' ~ feature)) }} / count(*)) / 1e9
            as {{ feature }}_contribution,
        {{ mean_of_millionths('deciding_users.' ~ feature) }} as {{ feature }}_mean,
        {% endfor %}
        {{ mean_of_millionths('deciding_users.lift') }} as mean_lift,
        count(*) as n_deciding_users
    from deciding_users
    inner join contributions on deciding_users.observation_id = contributions.observation_id
    group by 1, 2, 3
),

usual as (
    select
        {% for feature in features %}
        {{ mean_of_millionths(feature) }} as {{ feature }}_usual,
        {% endfor %}
        count(*) as n_users
    from feature_values
),

compared as (
    select *
    from by_account
    cross join usual
),

explained as (
    select
        account_id,
        decision,
        direction,
        feature,
        contribution,
        mean_value,
        usual_value,
        mean_lift,
        n_deciding_users
    from compared
    unpivot include nulls ((contribution, mean_value, usual_value) for feature in (
        {% for feature in features %}
        ({{ feature }}_contribution, {{ feature }}_mean, {{ feature }}_usual) as {{ feature }}{{ ',' if not loop.last }}
        {% endfor %}
    ))
),

ranked as (
    select
        *,
        round(mean_lift - sum(contribution) over (partition by account_id), 6) as base_lift,
        cast(
            row_number() over (partition by account_id order by direction * contribution desc, feature asc) as int
        ) as feature_rank
    from explained
),

final as (
    select
        account_id,
        feature_rank,
        decision,
        feature,
        contribution,
        mean_value,
        usual_value,
        base_lift,
        mean_lift,
        n_deciding_users
    from ranked
    where feature_rank <= 3 and direction * contribution > 0
)

select * from final
