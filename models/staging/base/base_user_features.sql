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

kept_or_rejected as (
    {{ without_repeats('checked', key=['user_id', 'feature', 'valid_from'], columns=['feature_value']) }}
),

delivered as (
    select distinct feature from user_features
    where feature_value is not null
),

absent as (
    select
        count(*) as n_features,
        {{ join_rows('declared.feature', ', ', 'declared.feature') }} as features
    from ({{ declared_features(ref('user_features')) }}) as declared
    left join delivered on declared.feature = delivered.feature
    where delivered.feature is null
),

-- A feature unknown for everybody would be ignored silently. This adds no row: it ends the query, or does nothing.
final as (
    select * from kept_or_rejected
    union all
    select kept_or_rejected.*
    from absent
    left join kept_or_rejected on false
    where
        case
            when absent.n_features = 0 then false
            else {{ raise_error(
                "'Nothing was decided: declared features are missing. user_features_raw has no value of ' || absent.features"
                ~ " || '. Export them, or remove their lines from seeds/mapping/user_features.csv'"
            ) }}
        end
)

select * from final
