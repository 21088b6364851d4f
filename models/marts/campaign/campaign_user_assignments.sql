with final as (
    {{ gated(ref('int_campaign__user_assignments')) }}
)

select * from final
