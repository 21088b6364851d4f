with decisions as (
    {{ listed_accounts('suppress_toxic_users') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
),

put_off as (
    select
        policy_id,
        account_id,
        {{ join_rows('user_id', ', ', 'lift, user_id') }} as sleeping_dog_user_ids
    from {{ ref('int_policy__users') }}
    where population = 'today' and is_sleeping_dog
    group by 1, 2
),

final as (
    select
        decisions.account_id,
        {{ known_by('decisions') }},
        decisions.policy_id,
        'health_check' as recommended_action,
        decisions.n_sleeping_dogs,
        decisions.n_scored_users,
        decisions.sleeping_dog_share,
        put_off.sleeping_dog_user_ids,
        accounts.is_cs_assigned,
        decisions.reason,
        decisions.build_id
    from decisions
    inner join accounts on decisions.account_id = accounts.account_id
    left join put_off on decisions.policy_id = put_off.policy_id and decisions.account_id = put_off.account_id
)

select * from final
