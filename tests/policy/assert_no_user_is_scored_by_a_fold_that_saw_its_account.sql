-- POL-12: The users of an account share one fold, are scored by that fold's model, and that model was fitted on none of them.
with inputs as (
    select * from {{ ref('int_uplift__inputs') }}
),

scores as (
    select * from {{ ref('int_uplift__scores') }}
),

final as (
    select inputs.account_id
    from inputs
    left join scores on inputs.user_id = scores.user_id
    group by 1
    having
        count(distinct inputs.fold) <> 1
        or not coalesce(bool_and(inputs.fold = scores.fold), false)
)

select * from final
