with final as (
    {{ gated(ref('int_campaign__rollout_status')) }}
)

select * from final
