with nudges as (
    select * from {{ ref('int_campaign__nudges') }}
),

gate as (
    select * from {{ ref('int_policy__publication_gate') }}
),

final as (
    select nudges.*
    from nudges
    cross join gate
)

select * from final
