with drift as (
    select * from {{ ref('population_drift') }}
),

final as (
    select
        'VER-13' as verdict_id,
        max(psi) as value
    from drift
    where quantity <> 'lift'
    union all
    select
        'VER-14' as verdict_id,
        max(psi) as value
    from drift
    where quantity = 'lift'
)

select * from final
