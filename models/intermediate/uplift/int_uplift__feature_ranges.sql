-- Support is judged by the serving model's training users.
{% if var('refresh') %}
with final as (
    select * from {{ source('published', 'feature_ranges') }}
)
{% else %}
with training_values as (
    {{ unpivot_features(ref('int_uplift__training_users'), 'campaign') }}
),

final as (
    select
        feature,
        percentile_cont({{ extreme_share() }}) within group (order by feature_value) as low,
        percentile_cont({{ 1 - extreme_share() }}) within group (order by feature_value) as high,
        1 - count(feature_value) / cast(count(*) as double) as unknown_share
    from training_values
    group by 1
)
{% endif %}

select * from final
