{{ config(materialized='view') }}

-- Campaigns treat different shares and lose different outcomes, so both are compared within campaigns.
with inputs as (
    select
        *,
        avg(case when outcome is null then 1.0 else 0.0 end) over (partition by campaign_id) as missing_share,
        avg(cast(is_treated as double)) over (partition by campaign_id) as treated_share
    from {{ ref('int_uplift__inputs') }}
    where population = 'campaign' and is_treated is not null
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

-- As logged: everything except duplicates, including rows that cleaning rejects.
logged as (
    select
        campaign_id,
        coalesce(account_id, user_id) as account_id,
        cast(is_treated as int) as is_treated,
        assignment_probability,
        avg(cast(is_treated as int)) over (partition by campaign_id) as treated_share
    from {{ ref('base_interventions') }}
    where
        is_eligible
        and is_treated is not null
        and user_id is not null
        and coalesce(reject_reason, '') <> 'duplicate_row'
),

shares as (
    select distinct
        campaign_id,
        treated_share
    from logged
),

-- How much of a difference within campaigns remains between arms that are pooled: all of it if shares are equal.
contrast as (
    select
        avg(1 - treated_share) filter (where is_treated = 1) + avg(treated_share) filter (where is_treated = 0) as remaining_share
    from inputs
),

raw_terms as (
    select
        case when is_treated = 1 then 'treated' else 'control' end as term,
        case when is_treated = 1 then 1 else -1 end as term_sign,
        account_id,
        outcome as measure
    from dr_scores
),

final as (
    select 'raw_difference' as diagnostic_id, term, term_sign, account_id, measure from raw_terms
    union all
    select 'adjusted_effect', 'adjusted', 1, account_id, dr_score from dr_scores
    union all
    select 'neutrality_gap', term, term_sign, account_id, measure from raw_terms
    union all
    select 'neutrality_gap', 'adjusted', -1, account_id, dr_score from dr_scores
    union all
    select
        'missing_outcome_difference',
        case when is_treated = 1 then 'treated' else 'control' end,
        case when is_treated = 1 then 1 else -1 end,
        account_id,
        round((case when outcome is null then 1.0 else 0.0 end - missing_share) / nullif(contrast.remaining_share, 0), 9)
    from inputs
    cross join contrast
    union all
    select
        'sample_ratio_difference',
        'analysed',
        1,
        dr_scores.account_id,
        dr_scores.is_treated - shares.treated_share
    from dr_scores
    inner join shares on dr_scores.campaign_id = shares.campaign_id
    union all
    select 'sample_ratio_difference', 'logged', -1, account_id, is_treated - treated_share from logged
    union all
    -- As logged too, since an arm that loses rows no longer has its declared share. An assignment with probability 0 or 1 is not
    -- a draw.
    select 'declared_ratio_difference', 'declared', 1, account_id, is_treated - assignment_probability
    from logged
    where abs(assignment_probability - 0.5) < 0.5
)

select * from final
