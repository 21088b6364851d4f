with feature_values as (
    select * from {{ ref('int_uplift__feature_values') }}
    where feature_value is not null
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

truth as (
    select * from {{ ref('int_audit__users') }}
    where population = 'campaign' and is_shipped
),

measured as (
    select
        dr_scores.observation_id,
        dr_scores.account_id,
        dr_scores.dr_score,
        truth.true_lift
    from dr_scores
    inner join truth on dr_scores.observation_id = truth.observation_id
),

-- Features have far fewer values than users, so only the values are sorted.
feature_counts as (
    select
        feature_values.feature,
        feature_values.feature_value,
        count(*) as n_users
    from feature_values
    inner join measured on feature_values.observation_id = measured.observation_id
    group by 1, 2
),

feature_deciles as (
    select
        feature,
        feature_value,
        1 + cast(floor(
            10 * (sum(n_users) over (partition by feature order by feature_value) - n_users)
            / sum(n_users) over (partition by feature)
        ) as int) as decile
    from feature_counts
),

members as (
    select
        feature_values.feature,
        feature_deciles.decile,
        measured.account_id,
        measured.dr_score,
        measured.true_lift
    from feature_values
    inner join measured on feature_values.observation_id = measured.observation_id
    inner join feature_deciles
        on feature_values.feature = feature_deciles.feature and feature_values.feature_value = feature_deciles.feature_value
),

effects as (
    {{ clustered_means('members', 'dr_score', by=['feature', 'decile'], beside=['true_lift']) }}
),

final as (
    select
        feature,
        decile,
        n_rows as n_users,
        round(mean, 9) as effect,
        round(standard_error, 9) as effect_se,
        round(true_lift, 9) as true_effect
    from effects
)

select * from final
