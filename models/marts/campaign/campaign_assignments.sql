with final as (
    {{ gated(ref('int_campaign__assignments')) }}
)

select * from final
