with users as (
    select * from {{ ref('int_campaign__judged_users') }}
),

-- Novelty: from campaign to campaign. Fatigue: with every earlier nudge, among users of the same campaign.
novelty as (
    select
        account_id,
        cast(campaign_number as double) as cause,
        surprise
    from users
),

fatigue as (
    select
        account_id,
        n_earlier_nudges - avg(n_earlier_nudges) over (partition by campaign_id) as cause,
        surprise - avg(surprise) over (partition by campaign_id) as surprise
    from users
),

lines as (
    {% for question in ['novelty', 'fatigue'] %}
    select
        '{{ question }}' as question,
        line.*
    from ({{ clustered_line(question, 'surprise', 'cause') }}) as line
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

intervals as (
    select
        question,
        n_rows as n_users,
        {{ with_interval('change', 'slope', 'slope_se', 6) }}
    from lines
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
