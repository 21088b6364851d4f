select * from {{ source('raw', 'user_features_raw') }}
