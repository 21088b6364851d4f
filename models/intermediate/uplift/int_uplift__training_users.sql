with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
    where population = 'campaign' and outcome is not null and is_treated is not null
),

parameters as (
    select * from {{ ref('learner_parameters') }}
),

-- A fixed random order independent of the arms, so a bounded sample keeps their proportions and the propensity.
accounts as (
    select
        account_id,
        sum(count(*)) over (order by md5(account_id), account_id rows unbounded preceding) as n_users_so_far
    from inputs
    group by account_id
),

final as (
    select
        cast(row_number() over (order by accounts.n_users_so_far, inputs.observation_id) as bigint) as place,
        inputs.*
    from inputs
    inner join accounts on inputs.account_id = accounts.account_id
    cross join parameters
    where accounts.n_users_so_far <= parameters.max_training_rows
)

select * from final
