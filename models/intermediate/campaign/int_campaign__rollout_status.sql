-- The e-value is the wealth of a bet against the limit, account by account. While the rate is within the limit the expected gain
-- is never positive, however correlated an account's users are, so wealth ever reaches 1 / false_alarm_rate with at most that
-- probability, however often you look (Ville's inequality; Waudby-Smith and Ramdas, 2024, "Estimating means of bounded random
-- variables by betting"). The stake is optimal against `harmful_reaction_rate` for independent users.
with assignments as (
    select * from {{ ref('int_campaign__assignments') }}
    where arm is not null
),

accounts as (
    select * from {{ ref('int_campaign__account_log') }}
),

parameters as (
    select
        *,
        (harmful_reaction_rate - reaction_rate_limit) / (reaction_rate_limit * (1 - reaction_rate_limit)) as stake
    from {{ ref('campaign_parameters') }}
),

rated as (
    select
        *,
        {{ safe_divide('cast(n_reacting_users as double)', 'n_nudged_users') }} as reaction_rate
    from accounts
),

reactions as (
    select
        accounts.wave,
        count(*) as n_nudged_accounts,
        {{ sum_int('accounts.n_nudged_users') }} as n_nudged_users,
        {{ sum_int('accounts.n_reacting_users') }} as n_reacting_users,
        round({{ exact_sum('accounts.reaction_rate') }} / count(*), 9) as negative_reaction_rate,
        {{ exact_sum('ln(1 + parameters.stake * (accounts.reaction_rate - parameters.reaction_rate_limit))') }} as log_e_value
    from rated as accounts
    cross join parameters
    -- The validation nudges users expected to react badly.
    where accounts.experiment <> 'validation' and accounts.arm = 'treatment' and accounts.n_nudged_users > 0
    group by 1
),

planned as (
    select
        wave,
        count(*) as n_accounts
    from assignments
    group by 1
),

begun as (
    select
        wave,
        min(entry_date) as begun_date
    from accounts
    group by 1
),

waves as (
    select
        planned.wave,
        planned.n_accounts,
        begun.begun_date,
        coalesce(reactions.n_nudged_accounts, 0) as n_nudged_accounts,
        coalesce(reactions.n_nudged_users, 0) as n_nudged_users,
        coalesce(reactions.n_reacting_users, 0) as n_reacting_users,
        reactions.negative_reaction_rate,
        parameters.reaction_rate_limit,
        coalesce(reactions.log_e_value, 0.0) as log_e_value,
        round(-ln(parameters.false_alarm_rate), 9) as log_e_value_limit,
        lag(begun.begun_date) over (order by planned.wave)
        + cast(parameters.wave_interval_days as int) as earliest_date
    from planned
    cross join parameters
    left join begun on planned.wave = begun.wave
    left join reactions on planned.wave = reactions.wave
),

judged as (
    select
        *,
        max(cast(log_e_value >= log_e_value_limit as int)) over () = 1 as is_paused,
        begun_date is not null
        or coalesce(earliest_date <= current_date, wave = min(wave) over ()) as is_due
    from waves
),

final as (
    select
        wave,
        case
            when is_paused then 'pause'
            when is_due then 'released'
            else 'wait'
        end as status,
        n_accounts,
        begun_date,
        n_nudged_accounts,
        n_nudged_users,
        n_reacting_users,
        negative_reaction_rate,
        reaction_rate_limit,
        log_e_value,
        log_e_value_limit
    from judged
)

select * from final
