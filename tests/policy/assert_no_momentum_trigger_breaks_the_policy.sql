-- POL-23. A momentum trigger is a nudge like any other: it must be expected to help, harm nobody that the policy protects, and
-- leave the control alone. Counted anew from the scores of the day and the published policy, and the control from account ids.
with triggers as (
    select * from {{ ref('int_scoring__triggers') }}
),

scores as (
    select * from {{ ref('prospective_scores') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

policies as (
    select * from {{ ref('int_scoring__policy') }}
),

prices as (
    select * from {{ ref('account_policy') }}
    where is_shipped
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
),

judged as (
    select
        scores.account_id,
        scores.lift,
        coalesce(users.is_admin, true) as is_admin,
        coalesce(
            scores.lift + policies.harm_quantile * scores.lift_se < policies.sleeping_dog_lift_threshold, true
        ) as is_at_risk
    from scores
    cross join policies
    left join users on scores.user_id = users.user_id
),

accounts as (
    select
        account_id,
        count(*) - count(lift) as n_unscored,
        count(*) filter (where is_at_risk) as n_at_risk,
        count(*) filter (where is_at_risk and is_admin) as n_admins_at_risk,
        count(*) as n_users,
        sum(lift) as sum_lift
    from judged
    group by 1
)

select
    triggers.user_id,
    triggers.account_id
from triggers
left join scores on triggers.user_id = scores.user_id
left join accounts on triggers.account_id = accounts.account_id
left join prices on triggers.account_id = prices.account_id
cross join policies
cross join parameters
where
    coalesce(scores.lift <= 0 or scores.lift < policies.sleeping_dog_lift_threshold, true)
    or coalesce(accounts.n_unscored > 0 or accounts.n_admins_at_risk > 0, true)
    or accounts.n_at_risk > policies.toxic_user_share_limit * accounts.n_users and accounts.n_at_risk >= policies.min_toxic_users
    or accounts.sum_lift * prices.value_per_conversion_usd - prices.expected_churn_cost_usd
    <= policies.cost_per_account_usd + policies.cost_per_nudge_usd * accounts.n_users - 0.000001
    or {{ hash_bucket('triggers.account_id', 10000, "parameters.salt || ':control'") }} < 10000 * parameters.control_share
