with final as (
    {{ gated_accounts() }}
)

select * from final
