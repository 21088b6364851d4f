with nudges as (
    {{ gated(ref('int_campaign__nudges')) }}
),

waves as (
    select * from {{ ref('int_campaign__rollout_status') }}
),

sent as (
    select distinct user_id
    from {{ ref('stg_campaign_events') }}
    where is_sent
),

final as (
    select nudges.*
    from nudges
    inner join waves on nudges.wave = waves.wave
    left join sent on nudges.user_id = sent.user_id
    where waves.status = 'released' and sent.user_id is null
)

select * from final
