with features as (
    select * from {{ ref('int_features__prospective') }}
),

learner as (
    select distinct
        model_build_id,
        folds
    from {{ ref('int_uplift__published_models') }}
),

parameters as (
    select * from {{ ref('scoring_parameters') }}
),

-- The hash says whether to score a user anew. Ages grow by themselves and by one a day, for everybody: in their place stand the
-- day that the inactivity is counted from, and a period of tenure after which time alone is reason enough.
final as (
    select
        features.user_id,
        features.account_id,
        features.as_of_date,
        {{ hash_bucket('features.account_id', 'learner.folds', "'fold'") }} as fold,
        learner.model_build_id,
        {{ features_hash({
            'days_since_last_active': 'features.as_of_date - features.days_since_last_active',
            'tenure_days': 'floor(features.tenure_days / parameters.rescoring_days)',
        }) }} as features_hash,
        {{ learner_features() }}
    from features
    cross join learner
    cross join parameters
)

select * from final
