"""Today's accounts, as the report page decides them again: one row per account, or per group of similar accounts.

An account's Sleeping Dogs and users without support at every threshold of the frontier are its *profile*, which many
share. Up to MAX_LISTED accounts have a row of their own. The others, with the least at stake, are aggregated to a grid:
accounts share a row if they have the same decision and users, profiles that tip at the same thresholds, and similar
total lifts. Decisions are monotone in lift, so the row's mean decides as its accounts did; at other parameters
the grid is exact except for accounts that tip in between.

Only the first MAX_DETAILED accounts, targets first, have names and the features that decided, and only the
first MAX_USERS users are on the page: the marts hold the rest.
"""

from __future__ import annotations

from typing import Any

import duckdb

from causalyn.report import figures
from causalyn.warehouse.sql_text import exceeds_share

MAX_LISTED = 250_000
MAX_DETAILED = 20_000
MAX_USERS = 40_000
LIFT_BIN = 0.1
"""Conversions by which the accounts of one row of the grid may differ at the most."""

DETAILS = (
    "account_name", "owner", "plan_tier", "annual_recurring_revenue_usd", "renewal_date", "reason", "reason_values",
    "contributions",
)  # fmt: skip
PROFILE = ("dogs", "dog_admins", "unsupported_admins")

ROWS = f"""
with policies as (
    from marts.account_policy where is_shipped and population = 'today'
),

profiles as (
    select
        account_id,
        list(n_sleeping_dogs order by sleeping_dog_lift_threshold desc) as dogs,
        list(n_sleeping_dog_admins order by sleeping_dog_lift_threshold desc) as dog_admins,
        list(n_unsupported_admins order by sleeping_dog_lift_threshold desc) as unsupported_admins
    from marts.account_safety_frontier
    group by account_id
),

-- The features that did most, and what they are of the users who decided; as ranks the values mean nothing to a reader.
explanations as (
    select
        account_id,
        list(feature order by feature_rank) as features,
        list(if(ends_with(feature, '_rank'), null, mean_value) order by feature_rank) as feature_values,
        list(contribution order by feature_rank) as contributions,
        [any_value(base_lift), any_value(mean_lift)] as base_and_mean
    from marts.account_explanations
    group by account_id
),

-- Accounts that no policy targets have no hours assigned; use their plan's limit.
hours as (
    select account_id, max(success_hours) as success_hours
    from marts.account_allocation
    group by account_id
),

accounts as (
    select
        policies.*,
        coalesce(explanations.features, []) as features,
        coalesce(explanations.feature_values, []) as feature_values,
        coalesce(explanations.contributions || explanations.base_and_mean, []) as contributions,
        coalesce(hours.success_hours, plan_values.success_hours, 0) as success_hours,
        coalesce(profiles.dogs, [policies.n_sleeping_dogs]) as dogs,
        coalesce(profiles.dog_admins, [policies.n_sleeping_dog_admins]) as dog_admins,
        coalesce(profiles.unsupported_admins, [policies.n_unsupported_admins]) as unsupported_admins,
        row_number() over (order by abs(net_value_usd) desc nulls last, account_id) <= $max_listed as is_listed
    from policies
    left join profiles using (account_id)
    left join explanations using (account_id)
    left join hours using (account_id)
    left join seeds.plan_values as plan_values using (plan_tier)
),

listed as (
    select
        account_id, 1 as n_accounts, decision, n_users, n_scored_users, n_nudged_users, sum_lift, sum_lift_of_everybody,
        value_per_conversion_usd, expected_churn_cost_usd, expected_churn_cost_of_everybody_usd, net_value_usd,
        dogs, dog_admins, unsupported_admins, features, feature_values, contributions, success_hours,
        account_name, owner, plan_tier, annual_recurring_revenue_usd, cast(renewal_date as varchar) as renewal_date
    from accounts
    where is_listed
),

-- Lift is weighted by value, so that the row earns what its accounts do.
grid as (
    select
        null as account_id, count(*) as n_accounts, decision, n_users, n_scored_users, n_nudged_users,
        sum(sum_lift * value_per_conversion_usd order by account_id) / sum(value_per_conversion_usd order by account_id)
            as sum_lift,
        sum(sum_lift_of_everybody * value_per_conversion_usd order by account_id)
        / sum(value_per_conversion_usd order by account_id) as sum_lift_of_everybody,
        avg(value_per_conversion_usd order by account_id) as value_per_conversion_usd,
        avg(expected_churn_cost_usd order by account_id) as expected_churn_cost_usd,
        avg(expected_churn_cost_of_everybody_usd order by account_id) as expected_churn_cost_of_everybody_usd,
        avg(net_value_usd order by account_id) as net_value_usd,
        min_by(dogs, account_id) as dogs, min_by(dog_admins, account_id) as dog_admins,
        min_by(unsupported_admins, account_id) as unsupported_admins,
        avg(success_hours order by account_id) as success_hours,
        [] as features, [] as feature_values, [] as contributions
    from accounts
    where not is_listed
    group by
        decision, n_users, n_scored_users, n_nudged_users, floor(sum_lift / $lift_bin),
        len(list_filter(dog_admins, lambda n: n > 0)), len(list_filter(unsupported_admins, lambda n: n > 0)),
        len(list_filter(
            dogs, lambda n: {exceeds_share("n", "n_scored_users", "toxic_user_share_limit")} and n >= min_toxic_users
        ))
)

from listed union all by name from grid
order by
    account_id is null, decision <> 'target', net_value_usd desc nulls last, account_id,
    n_users, n_scored_users, n_nudged_users, dogs, dog_admins
"""


# Decisions about the listed accounts by other policies that nudge the same users: only prices differ.
CHOICES = """
select
    others.policy_id,
    any_value(others.cost_per_account_usd) as cost_per_account_usd,
    any_value(others.cost_per_nudge_usd) as cost_per_nudge_usd,
    any_value(others.toxic_user_share_limit) as toxic_user_share_limit,
    any_value(others.min_toxic_users) as min_toxic_users,
    any_value(others.min_scored_users) as min_scored_users,
    count(distinct others.value_per_conversion_usd) > 1 as is_by_account,
    list(others.value_per_conversion_usd order by place) as value_per_conversion_usd,
    list(others.expected_churn_cost_usd order by place) as expected_churn_cost_usd,
    list(others.expected_churn_cost_of_everybody_usd order by place) as expected_churn_cost_of_everybody_usd
from marts.account_policy as shipped
inner join marts.account_policy as others
    on shipped.population = others.population and shipped.account_id = others.account_id and not others.is_shipped
inner join unnest($account_ids) with ordinality as listed (account_id, place) on shipped.account_id = listed.account_id
where shipped.is_shipped and shipped.population = 'today'
group by others.policy_id
having
    bool_and(
        others.sleeping_dog_lift_threshold = shipped.sleeping_dog_lift_threshold
        and others.n_nudged_users = shipped.n_nudged_users and others.sum_lift is not distinct from shipped.sum_lift
        and (others.n_sleeping_dogs, others.n_sleeping_dog_admins, others.n_unsupported_admins)
        = (shipped.n_sleeping_dogs, shipped.n_sleeping_dog_admins, shipped.n_unsupported_admins)
    )
order by others.policy_id
"""

USERS = """
select listed.place - 1 as place, users.user_id, users.role_type, users.reason, users.lift, users.lift_lower, users.lift_upper
from marts.account_users as users
inner join unnest($account_ids) with ordinality as listed (account_id, place) on users.account_id = listed.account_id
order by listed.place, users.is_nudged desc, users.lift desc nulls last, users.user_id
limit $max_users
"""


def choices(connection: duckdb.DuckDBPyConnection, account_ids: list[str]) -> list[dict[str, Any]]:
    """Other policies that differ from the shipped one in prices only, each with its prices for every listed account."""
    priced: list[dict[str, Any]] = (
        connection.sql(CHOICES, params={"account_ids": account_ids}).to_arrow_table().to_pylist()
    )
    return priced


def users(connection: duckdb.DuckDBPyConnection, account_ids: list[str], max_users: int = MAX_USERS) -> dict[str, Any]:
    """Columns by name, one value per user: the account's index, id, role and reason (indexes into `roles` and
    `reasons`), and lift with its interval in hundredths of a point. An account whose users do not all fit has none."""
    parameters = {"account_ids": account_ids[:MAX_DETAILED], "max_users": max_users}
    table: dict[str, Any] = connection.sql(USERS, params=parameters).to_arrow_table().to_pydict()
    if len(table["place"]) == max_users:
        end = table["place"].index(table["place"][-1])
        table = {name: column[:end] for name, column in table.items()}
    for name, words in (("role_type", "roles"), ("reason", "reasons")):
        table[words] = sorted({word or "unknown" for word in table[name]})
        table[name] = [table[words].index(word or "unknown") for word in table[name]]
    for name in ("lift", "lift_lower", "lift_upper"):
        table[name] = [None if value is None or value != value else round(1e4 * value) for value in table[name]]
    return table


def _without_trailing_zeros(counts: list[int]) -> list[int]:
    end = max((place + 1 for place, n in enumerate(counts) if n), default=0)
    return counts[:end]


def _brief(value: float | None) -> float | None:
    """The value to three significant digits: enough for a reader, and it keeps pages of many accounts small."""
    return None if value is None or value != value else float(f"{value:.3g}")


def rows(connection: duckdb.DuckDBPyConnection, decisions: list[str], max_listed: int = MAX_LISTED) -> dict[str, Any]:
    """Columns by name, one value per row, targets first, by net value; rows of the grid come last, without account ids.

    Names and model features are left out for accounts beyond MAX_DETAILED. `published` holds
    indexes into `decisions`; `profile` into `profiles`, each of which holds Sleeping Dogs, admins among them, users
    without support and admins among those, by threshold, most cautious first, without trailing zeros. `reason` holds
    indexes into `reasons`, the features that contributed most to the published decision, `reason_values` their values,
    `contributions` their contributions to lift, then the lift without any feature and with all.
    `n_accounts` is left out if every row is one account, prices if all accounts share the policy's.
    """
    asked = connection.sql(ROWS, params={"max_listed": max_listed, "lift_bin": LIFT_BIN})
    table: dict[str, Any] = asked.to_arrow_table().to_pydict()
    n_listed = sum(account is not None for account in table["account_id"])
    reasons: dict[tuple[str, ...], int] = {}
    table["reason"] = [reasons.setdefault(tuple(features), len(reasons)) for features in table.pop("features")]
    for name, column in (("reason_values", "feature_values"), ("contributions", "contributions")):
        table[name] = [[_brief(value) for value in values] for values in table.pop(column)]
    for name in DETAILS:
        table[name] = table[name][: min(n_listed, MAX_DETAILED)]
    table["success_hours"] = [int(hours) if hours == int(hours) else hours for hours in table["success_hours"]]
    table["annual_recurring_revenue_usd"] = [
        None if value is None else round(value) for value in table["annual_recurring_revenue_usd"]
    ]
    profiles: dict[tuple[tuple[int, ...], ...], int] = {}
    places = []
    for counts in zip(*(table.pop(name) for name in PROFILE), strict=True):
        key = tuple(tuple(_without_trailing_zeros(one)) for one in counts)
        places.append(profiles.setdefault(key, len(profiles)))
    del table["net_value_usd"]
    place_of = {decision: place for place, decision in enumerate(decisions)}
    table["published"] = [place_of[decision] for decision in table.pop("decision")]
    table["account_id"] = [account for account in table["account_id"] if account is not None]
    table |= {"profile": places, "profiles": list(profiles)}
    table["reasons"] = [[figures.feature_label(feature) for feature in features] for features in reasons]
    if set(table["n_accounts"]) <= {1}:
        del table["n_accounts"]
    if len(set(table["value_per_conversion_usd"])) <= 1:
        del table["value_per_conversion_usd"]
    for cost in ("expected_churn_cost_usd", "expected_churn_cost_of_everybody_usd"):
        if not any(table[cost]):
            del table[cost]
    return table
