-- POL-14: Exactly one policy is shipped.
with policies as (
    select * from {{ ref('policy_parameters') }}
),

final as (
    select count(*) as n_shipped
    from policies
    where is_shipped
    having count(*) <> 1
)

select * from final
