"""Today's accounts as the report page decides them again: one row an account, or one row for many of a kind.

An account's Sleeping Dogs and users without support at every threshold of the frontier are its *profile*; many accounts share
one. Up to MAX_LISTED accounts have a row of their own. The others, those with the least at stake, are pre-aggregated to a grid:
accounts with the same decision and users, whose profiles tip at the same thresholds and whose summed lifts are alike, share a
row. The decision is monotone in lift, so that the row's mean decides as each of its accounts did; at other parameters the grid
is exact but for accounts that tip between.
"""

from __future__ import annotations

import duckdb

from causalyn.report import figures

MAX_LISTED = 250_000
LIFT_BIN = 0.1
"""Conversions by which the accounts of one row of the grid may differ at the most."""

PROFILE = ("dogs", "dog_admins", "unsupported", "unsupported_admins")

ROWS = """
with policies as (
    from marts.account_policy where is_shipped and population = 'today'
),

profiles as (
    select
        account_id,
        list(n_sleeping_dogs order by sleeping_dog_lift_threshold desc) as dogs,
        list(n_sleeping_dog_admins order by sleeping_dog_lift_threshold desc) as dog_admins,
        list(n_unsupported_users order by sleeping_dog_lift_threshold desc) as unsupported,
        list(n_unsupported_admins order by sleeping_dog_lift_threshold desc) as unsupported_admins
    from marts.account_safety_frontier
    group by account_id
),

-- The two features that did most, and what they are of the users who decided; as ranks the values mean nothing to a reader.
explanations as (
    select
        account_id,
        list(feature order by feature_rank) as features,
        list(if(ends_with(feature, '_rank'), null, mean_value) order by feature_rank) as feature_values
    from marts.account_explanations
    where feature_rank <= 2
    group by account_id
),

accounts as (
    select
        policies.*,
        coalesce(explanations.features, []) as features,
        coalesce(explanations.feature_values, []) as feature_values,
        coalesce(profiles.dogs, [policies.n_sleeping_dogs]) as dogs,
        coalesce(profiles.dog_admins, [policies.n_sleeping_dog_admins]) as dog_admins,
        coalesce(profiles.unsupported, [policies.n_unsupported_users]) as unsupported,
        coalesce(profiles.unsupported_admins, [policies.n_unsupported_admins]) as unsupported_admins,
        row_number() over (order by abs(net_value_usd) desc nulls last, account_id) <= $max_listed as is_listed
    from policies
    left join profiles using (account_id)
    left join explanations using (account_id)
),

listed as (
    select
        account_id, 1 as n_accounts, decision, n_users, n_scored_users, n_nudged_users, sum_lift, sum_lift_of_everybody,
        value_per_conversion_usd, expected_churn_cost_usd, expected_churn_cost_of_everybody_usd, net_value_usd,
        dogs, dog_admins, unsupported, unsupported_admins, features, feature_values
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
        min_by(unsupported, account_id) as unsupported, min_by(unsupported_admins, account_id) as unsupported_admins,
        [] as features, [] as feature_values
    from accounts
    where not is_listed
    group by
        decision, n_users, n_scored_users, n_nudged_users, floor(sum_lift / $lift_bin),
        len(list_filter(dog_admins, lambda n: n > 0)), len(list_filter(unsupported_admins, lambda n: n > 0)),
        len(list_filter(dogs, lambda n: n > toxic_user_share_limit * n_scored_users and n >= min_toxic_users))
)

from listed union all by name from grid
order by account_id is null, net_value_usd desc nulls last, account_id, n_users, n_scored_users, n_nudged_users, dogs, dog_admins
"""


def _without_trailing_zeros(counts: list[int]) -> list[int]:
    end = max((place + 1 for place, n in enumerate(counts) if n), default=0)
    return counts[:end]


def _brief(value: float | None) -> float | None:
    """The value to three digits, since a reader takes in no more and a page of many accounts holds no more."""
    return None if value is None or value != value else float(f"{value:.3g}")


def rows(connection: duckdb.DuckDBPyConnection, decisions: list[str], max_listed: int = MAX_LISTED) -> dict:
    """Columns by name, one value a row, in order of net value; rows of the grid come last and have no account id.

    `published` holds places in `decisions`; `profile` places in `profiles`, each of which holds the Sleeping Dogs, the admins
    among them, the users without support and the admins among those, by threshold, the most cautious first, without trailing
    zeros. `reason` holds places in `reasons`, the features
    that did most to bring about the published decision, `reason_values` what they are. `n_accounts` is left out where every row
    is one account, prices where all accounts share the policy's.
    """
    table = connection.sql(ROWS, params={"max_listed": max_listed, "lift_bin": LIFT_BIN}).to_arrow_table().to_pydict()
    reasons: dict[tuple, int] = {}
    table["reason"] = [reasons.setdefault(tuple(features), len(reasons)) for features in table.pop("features")]
    table["reason_values"] = [[_brief(value) for value in values] for values in table.pop("feature_values")]
    profiles: dict[tuple, int] = {}
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
