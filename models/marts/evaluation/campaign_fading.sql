with users as (
    select * from {{ ref('int_campaign__judged_users') }}
),

-- Novelty: change from campaign to campaign. Fatigue: change per earlier nudge, within a campaign.
questions as (
    select
        'novelty' as question,
        account_id,
        surprise,
        cast(campaign_number as double) as cause,
        avg(campaign_number) over () as usual_cause,
        avg(surprise) over () as usual_surprise
    from users
    union all
    select
        'fatigue' as question,
        account_id,
        surprise,
        cast(n_earlier_nudges as double) as cause,
        avg(n_earlier_nudges) over (partition by campaign_id) as usual_cause,
        avg(surprise) over (partition by campaign_id) as usual_surprise
    from users
),

centred as (
    select
        question,
        account_id,
        cause - usual_cause as cause,
        surprise - usual_surprise as surprise
    from questions
),

slopes as (
    select
        question,
        count(*) as n_users,
        {{ exact_sum('cause * cause') }} as sum_xx,
        {{ safe_divide(exact_sum('cause * surprise'), exact_sum('cause * cause')) }} as slope
    from centred
    group by 1
),

by_account as (
    select
        slopes.question,
        slopes.n_users,
        slopes.slope,
        centred.account_id,
        {{ safe_divide(
            'sum(centred.cause * (centred.surprise - slopes.slope * centred.cause))', 'max(slopes.sum_xx)'
        ) }} as influence
    from slopes
    inner join centred on slopes.question = centred.question
    group by 1, 2, 3, 4
),

errors as (
    select
        question,
        max(n_users) as n_users,
        max(slope) as slope,
        {{ clustered_error('influence') }} as standard_error
    from by_account
    group by 1
),

intervals as (
    select
        question,
        n_users,
        {{ with_interval('change', 'slope', 'standard_error', 6) }}
    from errors
),

final as (
    select
        *,
        case
            when change_se is null then 'unknown'
            when change_upper < 0 then 'fades'
            when change_lower > 0 then 'grows'
            else 'no sign'
        end as verdict
    from intervals
)

select * from final
