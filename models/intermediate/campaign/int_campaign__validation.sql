-- Whom the validation nudges despite the guardrail, to measure what it prevents. A fixed share is treated, by lowest draw, so
-- that its probability is known.
with decisions as (
    select * from {{ ref('int_policy__account_decisions') }}
    where is_shipped and population = 'today' and decision = 'suppress_toxic_admin'
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
    where has_validation_holdout
),

dealt_before as (
    select * from {{ ref('int_campaign__dealt_before') }}
),

at_risk as (
    select
        decisions.account_id,
        dealt_before.arm as first_arm,
        {{ hash_bucket('decisions.account_id', 10000, running_campaign('parameters') ~ " || ':validation'") }} as draw,
        floor(parameters.validation_holdout_share * count(*) over ()) as n_slots
    from decisions
    cross join parameters
    left join dealt_before on decisions.account_id = dealt_before.account_id
    where
        not {{ is_drawn('decisions.account_id', 'control', 'parameters.control_share') }}
        and coalesce(dealt_before.experiment, 'validation') = 'validation'
),

-- Newcomers fill the slots left by those already treated.
ranked as (
    select
        *,
        row_number() over (partition by first_arm order by draw asc, account_id asc) as draw_rank,
        count(*) over (partition by first_arm) as n_of_arm,
        -- Fewer than the newcomers, since a certain assignment would teach nothing.
        least(
            n_slots - sum(case when first_arm = 'treatment' then 1 else 0 end) over (), count(*) over (partition by first_arm) - 1
        ) as n_free_slots
    from at_risk
),

-- If accounts leave, those treated before may exceed the share: the last ones are in no arm, nor are newcomers without a slot.
final as (
    select
        account_id,
        case
            when first_arm = 'control' then 'control'
            when first_arm = 'treatment' then case when draw_rank <= n_slots then 'treatment' end
            when n_free_slots > 0 then case when draw_rank <= n_free_slots then 'treatment' else 'control' end
        end as arm,
        case when first_arm is null and n_free_slots > 0 then cast(n_free_slots as double) / n_of_arm end as treatment_probability
    from ranked
)

select * from final
