with user_features as (
    select
        user_id,
        said_word as feature,
        value as feature_value,
        valid_from
    from ({{ mapped_words('user_features', 'feature', mapping='user_features', missing='') }}) as mapped
),

users as (
    select * from {{ ref('base_users') }}
    where reject_reason is null
),

checked as (
    select
        user_features.*,
        case
            when user_features.user_id is null or user_features.feature is null or user_features.valid_from is null
                then 'null_key'
            when users.user_id is null then 'orphan_user'
            when abs(user_features.feature_value) > 1e6 then 'huge_value'
        end as row_reason
    from user_features
    left join users on user_features.user_id = users.user_id
),

final as (
    {{ without_repeats('checked', key=['user_id', 'feature', 'valid_from'], columns=['feature_value']) }}
)

select * from final
