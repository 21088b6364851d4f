"""Rivals of a build: `benchmark_rivals.py FILE limit|pandas|row_loop` writes one rival's cost to the file.

`limit` is one bare DuckDB pass that groups the activity rows by user. `pandas` is a careful analyst's version of the
steps from raw tables to nudges: vectorised, and reading the learner's scores. `row_loop` is the same with loops over
users and accounts. Both must reproduce the build's features and nudges.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmark import COLUMNS, peak_memory_mb, reset_peak_memory

Tables = dict[str, pd.DataFrame]
RAW = ("accounts_raw", "users_raw", "user_activity_daily_raw", "interventions_raw", "outcomes_raw")
DAY = pd.Timedelta(days=1)
COUNTS = ["core_action_count", "collab_action_count", "time_spent_minutes", "feature_diversity_count"]
CAPPED = [
    "actions_7d",
    "actions_30d",
    "core_actions_30d",
    "collab_actions_30d",
    "minutes_30d",
    "week_on_week_change",
    "intensity",
]
GROUP_BY_USER = """
    create temp table totals as
    select user_id, count(*), sum(core_action_count), sum(time_spent_minutes), max(activity_date)
    from raw.user_activity_daily_raw group by user_id
"""


def read(file: Path) -> pd.DataFrame:
    """A table with its dates as timestamps, which pandas can compute with."""
    frame = pd.read_parquet(file)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in frame.columns if name.endswith("_date")})


def keep_first(frame: pd.DataFrame, key: list[str], order: list[str], ascending: list[bool]) -> pd.DataFrame:
    """The first row per key in the given order. Only repeated keys are sorted."""
    repeated = frame.duplicated(key, keep=False)
    first = frame[repeated].sort_values(order, ascending=ascending).drop_duplicates(key)
    return pd.concat([frame[~repeated], first])


def clean(raw: Tables, scoring_date: pd.Timestamp) -> Tables:
    """Raw tables without duplicates, orphans and impossible values."""
    accounts = raw["accounts_raw"].dropna(subset=["account_id"]).drop_duplicates("account_id")
    users = raw["users_raw"][raw["users_raw"]["account_id"].isin(accounts["account_id"])]
    role = users["role_type"].str.strip().str.lower()
    users = users.assign(role_type=role.fillna("unknown"))
    users = users.assign(is_admin=users["role_type"].isin(["admin", "unknown"]))
    users = keep_first(users, ["user_id"], ["user_created_date", "is_admin"], [False, False])

    activity = raw["user_activity_daily_raw"]
    activity = activity.assign(**{column: activity[column].fillna(0) for column in COUNTS})
    counts = activity[["core_action_count", "collab_action_count", "feature_diversity_count"]]
    activity = activity[
        activity["user_id"].isin(users["user_id"])
        & (activity["activity_date"] < scoring_date)
        & (counts.min(axis=1) >= 0)
        & activity["time_spent_minutes"].between(0, 1440)
    ]
    activity = activity.assign(actions=activity["core_action_count"] + activity["collab_action_count"])
    fullest = ["actions", "time_spent_minutes", "feature_diversity_count", "core_action_count"]
    activity = keep_first(activity, ["user_id", "activity_date"], fullest, [False] * 4)

    interventions = raw["interventions_raw"].drop_duplicates()
    interventions = interventions[interventions["user_id"].isin(users["user_id"])]
    outcomes = raw["outcomes_raw"].drop_duplicates()
    return {
        "accounts": accounts, "users": users, "activity": activity, "interventions": interventions, "outcomes": outcomes
    }  # fmt: skip


def window_sums(activity: pd.DataFrame, spine: pd.DataFrame) -> pd.DataFrame:
    """Totals of the 30 days before each row's as-of date, by `observation_id`, vectorised."""
    days = activity.merge(spine[["observation_id", "user_id", "as_of_date"]], on="user_id")
    age = (days["as_of_date"] - days["activity_date"]) // DAY
    days, age = days[age.between(1, 30)], age[age.between(1, 30)]
    days = days.assign(
        actions_7d=days["actions"].where(age <= 7, 0),
        actions_8_to_14d=days["actions"].where(age.between(8, 14), 0),
        age=age,
    )
    return days.groupby("observation_id").agg(
        actions_7d=("actions_7d", "sum"),
        actions_8_to_14d=("actions_8_to_14d", "sum"),
        actions_30d=("actions", "sum"),
        core_actions_30d=("core_action_count", "sum"),
        collab_actions_30d=("collab_action_count", "sum"),
        minutes_30d=("time_spent_minutes", "sum"),
        feature_days_30d=("feature_diversity_count", "sum"),
        days_observed_30d=("actions", "size"),
        days_since_last_active=("age", "min"),
    )


def looped_window_sums(activity: pd.DataFrame, spine: pd.DataFrame) -> pd.DataFrame:
    """The same, in a loop over users."""
    of_user = dict(list(activity.groupby("user_id")))
    rows = {}
    for observation_id, user_id, as_of_date in spine[["observation_id", "user_id", "as_of_date"]].itertuples(
        index=False
    ):
        if user_id not in of_user:
            continue
        days = of_user[user_id]
        age = (as_of_date - days["activity_date"]).dt.days
        month = days[(age >= 1) & (age <= 30)]
        if len(month):
            rows[observation_id] = {
                "actions_7d": days["actions"][(age >= 1) & (age <= 7)].sum(),
                "actions_8_to_14d": days["actions"][(age >= 8) & (age <= 14)].sum(),
                "actions_30d": month["actions"].sum(),
                "core_actions_30d": month["core_action_count"].sum(),
                "collab_actions_30d": month["collab_action_count"].sum(),
                "minutes_30d": month["time_spent_minutes"].sum(),
                "feature_days_30d": month["feature_diversity_count"].sum(),
                "days_observed_30d": len(month),
                "days_since_last_active": age[(age >= 1) & (age <= 30)].min(),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("observation_id")


def features(tables: Tables, scoring_date: pd.Timestamp, sums: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Features of past interventions and of all users today, in one frame, as in the build."""
    interventions = tables["interventions"]
    eligible = interventions[
        (interventions["eligibility_flag"] == 1) & (interventions["intervention_date"] <= scoring_date)
    ]
    past = eligible.rename(columns={"intervention_date": "as_of_date"}).drop(columns="account_id")
    past = past.assign(observation_id=past["intervention_id"])
    today = tables["users"][["user_id"]].assign(as_of_date=scoring_date)
    today = today.assign(observation_id=today["user_id"])
    behaviour = pd.concat(
        [
            spine.merge(sums(tables["activity"], spine), left_on="observation_id", right_index=True, how="left").assign(
                population=population
            )
            for population, spine in (("campaign", past), ("today", today))
        ]
    )
    totals = [column for column in behaviour.columns if column.endswith(("_7d", "_14d", "_30d"))]
    behaviour[totals] = behaviour[totals].fillna(0)

    def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
        return numerator / denominator.where(denominator != 0)

    behaviour = behaviour.assign(
        momentum=ratio(4 * behaviour["actions_7d"], behaviour["actions_30d"]),
        week_on_week_change=ratio(
            behaviour["actions_7d"] - behaviour["actions_8_to_14d"], behaviour["actions_8_to_14d"]
        ),
        intensity=ratio(behaviour["actions_30d"], behaviour["minutes_30d"]),
        feature_diversity_30d=ratio(behaviour["feature_days_30d"], behaviour["days_observed_30d"]),
    ).merge(tables["outcomes"][["intervention_id", "collab_activated_flag"]], on="intervention_id", how="left")
    observed = behaviour[(behaviour["population"] == "campaign") & behaviour["collab_activated_flag"].notna()]
    for column in CAPPED:
        cap = np.quantile(observed[column].dropna(), 0.99, method="inverted_cdf")
        behaviour[column] = behaviour[column].clip(upper=cap)
    context = tables["users"].merge(tables["accounts"], on="account_id")
    result = behaviour.merge(context, on="user_id")
    return result.assign(tenure_days=(result["as_of_date"] - result["user_created_date"]) // DAY)


def vectorised_evidence(users: pd.DataFrame) -> pd.DataFrame:
    """The evidence for deciding about each account, of a campaign or of today."""
    users = users.assign(
        dog_admin=users["is_dog"] & users["is_admin"],
        unsupported_admin=users["is_admin"] & ~users["is_supported"],
        nudged_lift=users["lift"].where(users["is_nudged"], 0),
    )
    by_account = users.groupby(["campaign_id", "account_id"])
    return by_account.agg(
        n_users=("lift", "size"), n_scored=("lift", "count"), dogs=("is_dog", "sum"), dog_admins=("dog_admin", "sum"),
        unsupported_admins=("unsupported_admin", "sum"),
        n_nudged=("is_nudged", "sum"), sum_lift=("nudged_lift", "sum"),
    )  # fmt: skip


def looped_evidence(users: pd.DataFrame) -> pd.DataFrame:
    """The same, in a loop over accounts."""
    rows = {
        account: {
            "n_users": len(own),
            "n_scored": own["lift"].count(),
            "dogs": own["is_dog"].sum(),
            "dog_admins": (own["is_dog"] & own["is_admin"]).sum(),
            "unsupported_admins": (own["is_admin"] & ~own["is_supported"]).sum(),
            "n_nudged": own["is_nudged"].sum(),
            "sum_lift": own["lift"][own["is_nudged"]].sum(),
        }
        for account, own in users.groupby(["campaign_id", "account_id"])
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["campaign_id", "account_id"])


def decide(scored: pd.DataFrame, policy: pd.Series, evidence_of: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """The users that the policy nudges, if it takes estimates at face value (a harm confidence of 0.5)."""
    is_dog = scored["lift"] < policy["sleeping_dog_lift_threshold"]
    is_past = scored["population"] == "campaign"
    is_nudged = (scored["lift"] > 0) & ~is_dog & (is_past | (scored["lift_doubt"] <= policy["nudge_doubt_limit"]))
    is_supported = (
        is_past | is_dog | (scored["unseen_features"].isna() & (scored["lift_doubt"] <= policy["doubt_limit"]))
    )
    scored = scored.assign(is_dog=is_dog, is_supported=is_supported, is_nudged=is_nudged & is_supported)
    evidence = evidence_of(scored)
    revenue = evidence["sum_lift"] * policy["value_per_conversion_usd"]
    cost = policy["cost_per_account_usd"] + policy["cost_per_nudge_usd"] * evidence["n_nudged"]
    # In whole millionths: as floating-point numbers 63 > 0.35 * 180.
    limit = round(1e6 * policy["toxic_user_share_limit"])
    is_toxic = (evidence["dogs"] * 1_000_000 > limit * evidence["n_scored"]) & (
        evidence["dogs"] >= policy["min_toxic_users"]
    )
    is_target = (
        (evidence["n_scored"] == evidence["n_users"])
        & (evidence["unsupported_admins"] == 0)
        & (evidence["dog_admins"] == 0)
        & ~is_toxic
        & (revenue > cost)
        & (evidence["n_scored"] >= policy["min_scored_users"])
    )
    targets = is_target[is_target].index.to_frame(index=False)
    return scored[scored["is_nudged"]].merge(targets, on=["campaign_id", "account_id"])


def compare(name: str, frame: pd.DataFrame, built: pd.DataFrame) -> None:
    """Ends the process unless the rows equal the build's."""
    key = ["population", "observation_id"]
    frame = frame[built.columns].sort_values(key, ignore_index=True)
    built = built.sort_values(key, ignore_index=True)
    try:
        pd.testing.assert_frame_equal(frame, built, check_dtype=False, rtol=1e-9)
    except AssertionError as error:
        raise SystemExit(f"error: the {name} of the script are not the build's: {error}") from None


def script(directory: Path, built: dict[str, pd.DataFrame], sums: Callable, evidence_of: Callable) -> Tables:
    """The steps from raw tables to nudges."""
    raw = {table: read(directory / f"{table}.parquet") for table in RAW}
    scores = read(directory / "user_uplift_scores.parquet")
    scoring_date = pd.Timestamp(built["scoring_date"].iloc[0, 0])
    tables = clean(raw, scoring_date)
    made = features(tables, scoring_date, sums)
    scored = scores.merge(tables["users"][["user_id", "is_admin"]], on="user_id")
    return {"features": made, "nudges": decide(scored, built["policy"].iloc[0], evidence_of)}


def main() -> None:
    file, rival = sys.argv[1:]
    with (
        duckdb.connect(os.environ["CAUSALYN_WAREHOUSE"], read_only=True) as connection,
        tempfile.TemporaryDirectory(prefix="causalyn_rival_") as name,
    ):
        if rival == "limit":
            started = time.perf_counter(), time.process_time()
            connection.execute(GROUP_BY_USER)
            row = "limit", "group_by_user"
        else:
            for schema, table in (*(("raw", table) for table in RAW), ("marts", "user_uplift_scores")):
                connection.table(f"{schema}.{table}").write_parquet(f"{name}/{table}.parquet")
            queries = {
                "scoring_date": "select scoring_date from staging.stg_scoring_date",
                "policy": "from intermediate.int_policy__policies where is_shipped",
                "features": """
                    select population, observation_id, actions_7d, minutes_30d, momentum, intensity, week_on_week_change,
                        tenure_days
                    from intermediate.int_features__users
                """,
                "nudges": """
                    select population, observation_id, account_id, lift from intermediate.int_policy__nudges where is_shipped
                """,
            }
            built = {name: connection.execute(query).df() for name, query in queries.items()}
            steps = {"pandas": (window_sums, vectorised_evidence), "row_loop": (looped_window_sums, looped_evidence)}
            reset_peak_memory()
            started = time.perf_counter(), time.process_time()
            made = script(Path(name), built, *steps[rival])
            row = "rival", rival
        spent = time.perf_counter() - started[0], time.process_time() - started[1]
        memory = peak_memory_mb()
    if rival != "limit":
        compare("features", made["features"], built["features"])
        compare("nudges", made["nudges"], built["nudges"])
    with Path(file).open("w", newline="") as opened:
        csv.writer(opened).writerows([COLUMNS, (*row, "users", *spent, 0.0, memory, 0.0)])


if __name__ == "__main__":
    main()
