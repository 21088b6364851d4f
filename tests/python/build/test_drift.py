"""A delivery that has changed too much since the last publication publishes nothing until the change is accepted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

CHANGES = [
    "delete from raw.user_activity_daily_raw where hash(user_id, activity_date) % 10 > 0",
    "delete from raw.user_activity_daily_raw where activity_date > (select max(intervention_date) from raw.interventions_raw)",
    "update raw.interventions_raw set treatment_flag = 1 where hash(user_id) % 3 > 0",
    "update raw.users_raw set geo_region = null",
    "update raw.accounts_raw set plan_tier = null where account_id in "
    "(select account_id from raw.accounts_raw order by account_id limit 40)",
    "insert into raw.outcomes_raw from raw.outcomes_raw",
    "insert into raw.outcomes_raw from raw.outcomes_raw",
]
# The changes, by check and then by the subject they concern.
FOUND = {
    "volume drops by 90%": ("rows_lost", "user_activity_daily_raw", "fail"),
    "volume quadruples": ("rows_gained", "outcomes_raw", "warn"),
    "a column is emptied": ("filled_share_lost", "users_raw.geo_region", "fail"),
    "the treated share jumps": ("campaign_share_moved", "treated_share_of_eligible", "fail"),
    "a plan appears": ("category_new", "no plan", "warn"),
    "activity ends three weeks early": ("activity_age_days", "user_activity_daily_raw", "warn"),
}

Build = tuple[Path, subprocess.CompletedProcess[str]]


def verdicts(warehouse: Path) -> dict[tuple[str, str], str]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.sql(
            "select check_id, subject, verdict from candidate_marts.verdicts where check_group = 'delivery'"
        ).fetchall()
    return {(check_id, subject): verdict for check_id, subject, verdict in rows}


@pytest.fixture(scope="module")
def build(run_dbt):
    """Builds everything that drift depends on and decides: the model and its verdicts stay as they were."""
    selected = [
        "--select",
        "+stg_delivery_changes",
        "int_evaluation__verdicts",
        "verdicts",
        "int_build__publication_gate",
        "last_good_delivery",
    ]
    return lambda warehouse, *options: run_dbt("run", *selected, *options, warehouse=warehouse)


@pytest.fixture(scope="module")
def drifted(built_world, build, tmp_path_factory) -> Build:
    """The built world after a delivery with all changes at once, and its build's result."""
    directory = tmp_path_factory.mktemp("drifted")
    warehouse = Path(shutil.copy(built_world.warehouse, directory))
    with duckdb.connect(str(warehouse)) as connection:
        for change in CHANGES:
            connection.execute(change)
    return warehouse, build(warehouse)


@pytest.mark.parametrize(
    ("check_id", "subject", "verdict"),
    [pytest.param(*found, id=fault, marks=pytest.mark.fault(fault, found[2])) for fault, found in FOUND.items()],
)
def test_a_change_is_found_by_its_check(drifted, seen, check_id, subject, verdict):
    found = verdicts(drifted[0])[check_id, subject]
    seen(f"{check_id} of {subject}: {found}")
    assert found == verdict


def test_nothing_else_is_found(drifted):
    worrying = {key for key, verdict in verdicts(drifted[0]).items() if verdict != "pass"}
    consequences = {("category_share_moved", "no plan"), ("rows_gained", "outcomes_raw")}
    assert worrying - consequences == {(check_id, subject) for check_id, subject, _ in FOUND.values()} - consequences


@pytest.mark.fault("all of these changes in one delivery", "nothing is published")
def test_a_delivery_that_changed_too_much_publishes_nothing_and_says_why(
    built_world, drifted, read_published, seen, listed
):
    warehouse, build = drifted
    assert build.returncode != 0
    assert "Traceback" not in build.stdout + build.stderr
    message = "Nothing was published, " + build.stdout.partition("Nothing was published, ")[2].partition("\n")[0]
    seen(message.partition(", since ")[2])
    listed(message.partition("stay as they were, ")[2])
    for check_id, subject, verdict in FOUND.values():
        assert (f"{check_id} of {subject} " in message) == (verdict == "fail")
    assert "ACCEPT_CHANGES=1" in message
    assert read_published(warehouse) == read_published(built_world.warehouse)


@pytest.mark.fault("all of these changes, accepted", "published; the next delivery is compared with this one")
def test_an_accepted_change_is_published_and_compared_with_from_then_on(drifted, build, seen, tmp_path):
    warehouse = Path(shutil.copy(drifted[0], tmp_path))
    accepted = build(warehouse, "--vars", "deliveries: accept")
    assert accepted.returncode == 0, accepted.stdout[-3000:]
    assert set(verdicts(warehouse).values()) == {"warn"}  # the age of the activity needs no comparison
    # As the publication does, too, after everything else is built.
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table marts.last_good_delivery as from candidate_marts.last_good_delivery;"
            " delete from builds.fingerprints where table_name = 'marts.last_good_delivery'"
        )
    again = build(warehouse)
    assert again.returncode == 0, again.stdout[-3000:]
    moved = {key for key, verdict in verdicts(warehouse).items() if verdict != "pass"}
    assert moved == {("activity_age_days", "user_activity_daily_raw")}
    seen("published, and then unchanged")
