-- POL-12: The observations of an account, past and present, share one fold, whose model was fitted on none of them: so nobody is
-- scored by a model that saw anybody of the account.
with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

training_users as (
    select * from {{ ref('int_uplift__training_users') }}
),

models as (
    select * from {{ ref('int_uplift__serving_model') }}
),

folds as (
    select account_id, fold from inputs
    union
    select account_id, fold from training_users
),

n_models as (
    select count(*) as n_models
    from models
),

final as (
    select folds.account_id
    from folds
    left join models on folds.fold = models.fold
    cross join n_models
    group by 1
    having count(*) <> 1 or (max(n_models.n_models) > 0 and count(models.fold) <> 1)
)

select * from final
