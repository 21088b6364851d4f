-- Whether those left alone convert otherwise than their features say where more of their colleagues were nudged than was to be
-- expected. What chance adds to a colleague's treatment, given features, has nothing to do with anything else of the account.
with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

in_account as (
    select
        account_id,
        is_treated,
        is_converted - p_control as residual,
        is_treated - propensity as surprise,
        sum(is_treated - propensity) over campaign_of_account as account_surprise,
        count(*) over campaign_of_account as n_users
    from dr_scores
    window campaign_of_account as (partition by campaign_id, account_id)
),

controls as (
    select
        account_id,
        residual,
        (account_surprise - surprise) / (n_users - 1) as excess_share
    from in_account
    where is_treated = 0 and n_users > 1
),

means as (
    {{ clustered_means('controls', 'residual', beside=['excess_share']) }}
),

centred as (
    select
        controls.account_id,
        controls.residual - means.mean as residual,
        controls.excess_share - means.excess_share as excess_share
    from controls
    cross join means
),

line as (
    select
        {{ exact_sum('excess_share * excess_share') }} as spread,
        {{ safe_divide(exact_sum('excess_share * residual'), exact_sum('excess_share * excess_share')) }} as slope
    from centred
),

influences as (
    select
        centred.account_id,
        sum(centred.excess_share * (centred.residual - line.slope * centred.excess_share)) as influence
    from centred
    cross join line
    group by 1
),

measured as (
    select
        count(*) as n_accounts,
        max(line.slope) as slope,
        {{ safe_divide(clustered_error('influences.influence'), 'max(line.spread)') }} as slope_se
    from influences
    cross join line
),

final as (
    select
        cast(coalesce(means.n_rows, 0) as bigint) as n_users,
        measured.n_accounts,
        {{ with_interval('slope', 'measured.slope', 'measured.slope_se', digits=6) }},
        round({{ safe_divide('measured.slope', 'measured.slope_se') }}, 6) as z
    from measured
    left join means on true
)

select * from final
