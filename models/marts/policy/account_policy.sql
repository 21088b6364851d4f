with final as (
    {{ gated(ref('int_policy__account_decisions')) }}
)

select * from final
