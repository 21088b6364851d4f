-- Untreated users' residual conversion by the share of colleagues nudged beyond expectation, which is random given the features.
with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

in_account as (
    select
        account_id,
        is_treated,
        outcome - p_control as residual,
        is_treated - propensity as surprise,
        sum({{ billionths('is_treated - propensity') }}) over campaign_of_account / 1e9 as account_surprise,
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

measured as (
    {{ clustered_line('controls', y='residual', x='excess_share') }}
),

final as (
    select
        coalesce(n_rows, 0) as n_users,
        n_accounts,
        {{ with_interval('slope', 'slope', 'slope_se', digits=6) }},
        round({{ safe_divide('slope', 'slope_se') }}, 6) as z
    from measured
)

select * from final
