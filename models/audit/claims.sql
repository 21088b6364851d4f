with published as (
    select * from {{ ref('published_claims') }}
),

measured as (
    select * from {{ ref('int_audit__measured_claims') }}
),

compared as (
    select
        published.claim_id,
        published.claim,
        published.unit,
        published.published,
        measured.measured,
        case published.tolerance_kind
            when 'relative' then published.tolerance * abs(published.published)
            else published.tolerance
        end as tolerance
    from published
    left join measured on published.claim_id = measured.claim_id
),

final as (
    select
        claim_id,
        claim,
        unit,
        cast(published as double) as published,
        round(measured, 6) as measured,
        cast(tolerance as double) as tolerance,
        -- Allow for rounding of the published figure.
        abs(measured - published) <= tolerance + 1e-9 as is_held
    from compared
)

select * from final
