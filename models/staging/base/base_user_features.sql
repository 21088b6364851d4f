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

-- Rows of one day that disagree are all rejected: nobody can tell which was known last.
final as (
    select
        user_id,
        feature,
        feature_value,
        valid_from,
        case
            when row_reason is not null then row_reason
            when count(*) over one_day <> count(*) over copies then 'conflicting_duplicate'
            when row_number() over copies > 1 then 'duplicate_row'
        end as reject_reason
    from checked
    -- Copies are equal in what orders them, so that it orders nothing: engines ask for it to number rows.
    window
        one_day as (partition by user_id, feature, valid_from, row_reason),
        copies as (partition by user_id, feature, valid_from, row_reason, feature_value order by user_id)
)

select * from final
