with spine as (
    select * from {{ ref('int_features__spine') }}
    {{ where_in_scope() }}
),

user_features as (
    select * from {{ ref('stg_user_features') }}
),

known_before as (
    select
        spine.population,
        spine.observation_id,
        user_features.feature,
        user_features.feature_value,
        user_features.valid_from,
        row_number() over (
            partition by spine.population, spine.observation_id, user_features.feature
            order by user_features.valid_from desc
        ) as recency_rank
    from user_features
    inner join spine on user_features.user_id = spine.user_id and user_features.valid_from < spine.as_of_date
),

final as (
    select
        population,
        observation_id,
        feature,
        feature_value,
        valid_from
    from known_before
    where recency_rank = 1
)

select * from final
