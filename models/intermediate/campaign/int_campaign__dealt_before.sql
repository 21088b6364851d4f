-- The nudge itself may be why an account's decision has since changed, so its first arm is its only one in a campaign.
with arms as (
    select
        *,
        row_number() over (partition by campaign_id, account_id order by dealt_date asc, experiment asc) as dealt_rank
    from {{ source('published', 'campaign_arms') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

-- A different share would move accounts and users between arms; one that assigns nobody ends the experiment instead.
final as (
    select
        arms.experiment,
        arms.account_id,
        arms.arm,
        arms.wave,
        arms.actions_30d,
        arms.treatment_probability
    from arms
    inner join parameters on arms.campaign_id = {{ running_campaign('parameters') }}
    where
        arms.dealt_rank = 1
        and case
            {% for share, is_dealt in [
                ('control_share', 'true'),
                ('exploration_share', 'arms.exploration_share > 0 and parameters.exploration_share > 0'),
                ('validation_holdout_share', "arms.experiment = 'validation' and parameters.has_validation_holdout"),
            ] %}
            when {{ is_dealt }} and arms.{{ share }} <> parameters.{{ share }}
                then {{ raise_error(
                    "'Nothing was decided: " ~ share ~ " changed within a campaign. ' || arms.campaign_id || ' has assigned arms with '"
                    ~ " || cast(arms." ~ share ~ " as string)"
                    ~ " || ': restore it in seeds/campaign_parameters.csv, or start another campaign with another salt'"
                ) }}
            {% endfor %}
            else true
        end
)

select * from final
