with account_totals as (
    select * from {{ ref('int_policy__account_totals') }}
    where population = 'campaign'
),

picks as (
    select * from {{ ref('int_policy__picks') }}
    where population = 'campaign'
),

users as (
    select * from {{ ref('int_policy__users') }}
    where population = 'campaign'
),

policies as (
    select * from {{ ref('int_policy__policies') }}
),

dr_scores as (
    select * from {{ ref('int_uplift__doubly_robust_scores') }}
),

effects as (
    select
        users.campaign_id,
        users.policy_id,
        users.account_id,
        count(*) as n_users,
        {{ exact_sum('dr_scores.dr_score', filter='users.is_nudged_in_target') }} as realised,
        {{ exact_sum('users.lift', filter='users.is_nudged_in_target') }} as believed,
        {{ exact_sum('dr_scores.dr_score') }} as realised_of_everybody,
        {{ exact_sum('users.lift') }} as believed_of_everybody
    from dr_scores
    inner join users on dr_scores.observation_id = users.observation_id
    group by 1, 2, 3
),

strategies as (
    select
        policies.policy_id,
        case strategy.strategy when 'policy' then policies.policy_id else strategy.strategy end as strategy
    from policies
    cross join (values ('policy'), ('nobody'), ('everybody'), ('response_model'), ('lift_only')) as strategy (strategy)
),

valued as (
    select
        account_totals.campaign_id,
        account_totals.policy_id,
        account_totals.account_id,
        strategies.strategy,
        coalesce(effects.n_users, 0) as n_users,
        picks.account_id is not null as is_picked,
        {% for belief, prefix in [('realised', ''), ('believed', 'believed_')] %}
        case when picks.account_id is null then 0.0 else {{ dollars(
            'coalesce(case when picks.is_policy then effects.' ~ belief ~ ' else effects.' ~ belief ~ '_of_everybody end, 0.0)',
            'account_totals.value_per_conversion_usd'
        ) }} - picks.cost_usd end as {{ prefix }}value_usd{{ ',' if not loop.last }}
        {% endfor %}
    from account_totals
    inner join strategies on account_totals.policy_id = strategies.policy_id
    left join effects
        on account_totals.campaign_id = effects.campaign_id
        and account_totals.policy_id = effects.policy_id and account_totals.account_id = effects.account_id
    left join picks
        on account_totals.campaign_id = picks.campaign_id and account_totals.account_id = picks.account_id
        and strategies.policy_id = picks.policy_id and strategies.strategy = picks.strategy
),

-- An account is one unit, however many campaigns it was in.
by_account as (
    select
        valued.policy_id,
        valued.strategy,
        comparators.strategy as comparator,
        valued.account_id,
        count(*) filter (where valued.is_picked) as n_picked,
        {{ sum_int('valued.n_users') }} as n_users,
        {{ exact_sum_usd('valued.believed_value_usd - comparators.believed_value_usd') }} as believed_gain_usd,
        {{ exact_sum_usd('valued.value_usd - comparators.value_usd') }} as gain_usd
    from valued
    inner join valued as comparators
        on valued.campaign_id = comparators.campaign_id
        and valued.policy_id = comparators.policy_id and valued.account_id = comparators.account_id
    where comparators.strategy in ('nobody', 'everybody') and valued.strategy <> comparators.strategy
    group by 1, 2, 3, 4
),

totals as (
    select
        policy_id,
        strategy,
        comparator,
        {{ sum_int('n_picked') }} as n_accounts,
        {{ sum_int('n_users') }} as n_users,
        {{ exact_sum_usd('believed_gain_usd') }} as believed_gain_usd,
        {{ exact_sum_usd('gain_usd') }} as gain_usd,
        {{ clustered_error_of_sum('gain_usd') }} as gain_usd_se
    from by_account
    group by 1, 2, 3
),

final as (
    select
        policy_id,
        strategy,
        comparator,
        n_accounts,
        n_users,
        believed_gain_usd,
        gain_usd,
        round(gain_usd_se, 6) as gain_usd_se,
        round(gain_usd - {{ margin('gain_usd_se') }}, 6) as gain_usd_lower,
        round(gain_usd + {{ margin('gain_usd_se') }}, 6) as gain_usd_upper,
        round({{ safe_divide('gain_usd', 'n_users') }}, 6) as gain_per_user_usd
    from totals
)

select * from final
