with account_totals as (
    select * from {{ ref('int_policy__account_totals') }}
),

picks as (
    select * from {{ ref('int_policy__picks') }}
),

policies as (
    select * from {{ ref('policy_parameters') }}
),

dr_scores as (
    select * from {{ ref('doubly_robust_scores') }}
),

scores as (
    select * from {{ ref('user_uplift_scores') }}
),

effects as (
    select
        dr_scores.account_id,
        count(*) as n_users,
        {{ sum_int('cast(round(dr_scores.dr_score * 1e9) as bigint)') }} / 1e9 as realised,
        {{ sum_int('cast(round(scores.lift * 1e9) as bigint)') }} / 1e9 as believed
    from dr_scores
    inner join scores on dr_scores.user_id = scores.user_id
    group by 1
),

strategies as (
    select
        policy_id,
        policy_id as strategy
    from policies
    union all
    select
        policies.policy_id,
        strategy.strategy
    from policies
    cross join (values ('nobody'), ('everybody'), ('response_model'), ('lift_only')) as strategy (strategy)
),

valued as (
    select
        account_totals.policy_id,
        account_totals.account_id,
        strategies.strategy,
        coalesce(effects.n_users, 0) as n_users,
        picks.account_id is not null as is_picked,
        case
            when picks.account_id is null then 0.0
            else
                {{ dollars('coalesce(effects.realised, 0.0)', 'account_totals.value_per_conversion_usd') }}
                - account_totals.cost_usd
        end as value_usd,
        case
            when picks.account_id is null then 0.0
            else
                {{ dollars('coalesce(effects.believed, 0.0)', 'account_totals.value_per_conversion_usd') }}
                - account_totals.cost_usd
        end as believed_value_usd
    from account_totals
    inner join strategies on account_totals.policy_id = strategies.policy_id
    left join effects on account_totals.account_id = effects.account_id
    left join picks
        on
            account_totals.policy_id = picks.policy_id
            and strategies.strategy = picks.strategy
            and account_totals.account_id = picks.account_id
),

differences as (
    select
        valued.policy_id,
        valued.strategy,
        comparators.strategy as comparator,
        valued.n_users,
        cast(valued.is_picked as int) as is_picked,
        valued.value_usd - comparators.value_usd as gain_usd,
        valued.believed_value_usd - comparators.believed_value_usd as believed_gain_usd
    from valued
    inner join valued as comparators
        on valued.policy_id = comparators.policy_id and valued.account_id = comparators.account_id
    where comparators.strategy in ('nobody', 'everybody') and valued.strategy <> comparators.strategy
),

totals as (
    select
        policy_id,
        strategy,
        comparator,
        {{ sum_int('is_picked') }} as n_accounts,
        {{ sum_int('n_users') }} as n_users,
        sum(believed_gain_usd) as believed_gain_usd,
        sum(gain_usd) as gain_usd,
        sqrt(count(*) * var_samp(gain_usd)) as gain_usd_se
    from differences
    group by 1, 2, 3
),

final as (
    select
        policy_id,
        strategy,
        comparator,
        n_accounts,
        n_users,
        round(believed_gain_usd, 6) as believed_gain_usd,
        round(gain_usd, 6) as gain_usd,
        round(gain_usd_se, 6) as gain_usd_se,
        round(gain_usd - 1.959963985 * gain_usd_se, 6) as gain_usd_lower,
        round(gain_usd + 1.959963985 * gain_usd_se, 6) as gain_usd_upper,
        round({{ safe_divide('gain_usd', 'n_users') }}, 6) as gain_per_user_usd
    from totals
)

select * from final
