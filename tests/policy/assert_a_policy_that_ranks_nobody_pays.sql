-- POL-26: A shipped policy that needs no ranking has shown that it pays: the lower end of the 95% interval of its gain in the
-- backtest is above zero, or it nudges nobody.
with shipped as (
    select policy_id from {{ ref('policy_parameters') }}
    where is_shipped and not needs_ranking
),

final as (
    select gains.*
    from {{ ref('policy_value') }} as gains
    inner join shipped on gains.policy_id = shipped.policy_id and gains.strategy = shipped.policy_id
    where gains.comparator = 'nobody' and gains.n_accounts > 0 and not coalesce(gains.gain_usd_lower > 0, false)
)

select * from final
