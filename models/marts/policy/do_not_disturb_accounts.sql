with accounts as (
    {{ listed_accounts('suppress_toxic_admin') }}
),

final as (
    select
        accounts.account_id,
        {{ known_by('accounts') }},
        accounts.policy_id,
        'Risk: Sensitive Admin' as crm_tag,
        accounts.n_sleeping_dog_admins,
        accounts.n_sleeping_dogs,
        accounts.reason,
        accounts.build_id
    from accounts
)

select * from final
