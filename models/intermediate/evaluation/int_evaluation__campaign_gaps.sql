{{ config(materialized='view') }}

-- Residual conversion of untreated users. The campaign does not predict it, so differences between campaigns confound.
with dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

-- Revenue varies more than conversion, by the square root of this scale.
outcome_scale as (
    select * from {{ ref('int_uplift__outcome_scale') }}
),

untreated as (
    select
        dr_scores.campaign_id,
        dr_scores.account_id,
        (dr_scores.outcome - dr_scores.p_control) / sqrt(outcome_scale.mean_square_per_mean) as residual
    from dr_scores
    cross join outcome_scale
    where dr_scores.is_treated = 0
),

by_campaign as (
    {{ clustered_means('untreated', 'residual', by=['campaign_id']) }}
),

campaigns as (
    select * from by_campaign
    where {{ has_enough_accounts('n_accounts') }}
),

-- A single campaign differs from no other.
compared as (
    select
        campaigns.campaign_id,
        campaigns.n_rows as n_users,
        count(others.campaign_id) as n_others,
        campaigns.mean - {{ exact_sum('others.n_rows * others.mean') }} / sum(others.n_rows) as estimate,
        sqrt(
            power(campaigns.standard_error, 2)
            + {{ exact_sum('power(others.n_rows * others.standard_error, 2)') }} / power(sum(others.n_rows), 2)
        ) as standard_error
    from campaigns
    left join campaigns as others on campaigns.campaign_id <> others.campaign_id
    group by campaigns.campaign_id, campaigns.n_rows, campaigns.mean, campaigns.standard_error
),

final as (
    select
        campaign_id,
        n_users,
        case when n_others = 0 then 0.0 else round(estimate, 9) end as estimate,
        case when n_others = 0 then 0.0 else round(standard_error, 9) end as standard_error
    from compared
)

select * from final
