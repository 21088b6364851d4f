"""Staging against its rules, row by row in Python, on much dirtier activity than any real export."""

from __future__ import annotations

import random
import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

STAGED = {
    "stg_accounts": "account_id",
    "stg_users": "user_id, account_id, role_type",
    "stg_interventions": "intervention_id, user_id",
    "stg_outcomes": "intervention_id, activation_date",
}


def random_activity(user_ids: list[str], first_day: date, rows: int) -> list[tuple]:
    """Activity that repeats days, contradicts itself and breaks every rule, before and after the scoring date."""
    draw = random.Random(7)

    def measures() -> tuple:
        counts = [draw.choice([None, -1, *range(8)]) for _ in range(2)]
        return (
            draw.choice([None, 0, 1]),
            *counts,
            draw.choice([None, -5, 1441, 9999, *range(0, 60, 10)]),
            draw.randrange(3),
        )

    def row() -> tuple:
        user_id = draw.choice([*user_ids, "stranger", None])
        day = first_day + timedelta(days=draw.randrange(70))
        return user_id, draw.choice([day] * 50 + [None]), *measures()

    drawn = [row() for _ in range(rows)]
    return drawn + draw.choices(drawn, k=rows // 10)


def cleaned(rows: list[tuple], user_ids: list[str], scoring_date: date) -> tuple[set[tuple], Counter]:
    """The rows to stage, and counts of rejected rows by user, day and rule, as documented for staging."""
    sound, rejected = defaultdict(list), Counter()
    for user_id, day, login, *counts in rows:
        core, collab, minutes, diversity = (count or 0 for count in counts)
        if user_id is None or day is None:
            rule = "null_key"
        elif user_id not in user_ids:
            rule = "orphan_user"
        elif day >= scoring_date:
            rule = "future_date"
        elif min(core, collab, diversity) < 0:
            rule = "negative_count"
        elif not 0 <= minutes <= 1440:
            rule = "impossible_minutes"
        else:
            sound[user_id, day].append((core + collab, minutes, diversity, core, login == 1))
            continue
        rejected[user_id, day, rule] += 1
    staged = set()
    for (user_id, day), versions in sound.items():
        actions, minutes, diversity, core, is_login = fullest = max(versions)
        staged.add((user_id, day, is_login, core, actions - core, minutes, diversity))
        copies = versions.count(fullest) - 1
        rejected[user_id, day, "duplicate_row"] += copies
        rejected[user_id, day, "conflicting_duplicate"] += len(versions) - copies - 1
    return staged, +rejected


@pytest.fixture(scope="module")
def restaged(built_world, run_dbt, tmp_path_factory) -> tuple[Path, list[tuple], list[str], date]:
    """The small world, staged again with every arm and outcome flipped and its activity replaced by a mess."""
    directory = tmp_path_factory.mktemp("restaged")
    warehouse = Path(shutil.copy(built_world.warehouse, directory))
    with duckdb.connect(str(warehouse)) as connection:
        (scoring_date,) = connection.execute("select scoring_date from staging.stg_scoring_date").fetchone()
        user_ids = [
            row[0] for row in connection.execute("select user_id from staging.stg_users order by 1 limit 20").fetchall()
        ]
        rows = random_activity(user_ids, scoring_date - timedelta(days=60), rows=4000)
        connection.execute("update raw.interventions_raw set treatment_flag = 1 - treatment_flag")
        connection.execute("update raw.outcomes_raw set collab_activated_flag = 1 - collab_activated_flag")
        connection.execute("truncate raw.user_activity_daily_raw")
        connection.register("mess", pa.table(list(zip(*rows, strict=True)), names=list("abcdefg")))
        connection.execute("insert into raw.user_activity_daily_raw select *, null as source from mess")
    as_of = {"CAUSALYN_SCORING_DATE": str(scoring_date)}
    run = run_dbt("run", "--select", "staging", "rejected_rows", warehouse=warehouse, **as_of)
    assert run.returncode == 0, run.stdout[-5000:]
    return warehouse, rows, user_ids, scoring_date


def query(warehouse: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_activity_is_staged_by_the_rules(restaged):
    warehouse, rows, user_ids, scoring_date = restaged
    expected, _ = cleaned(rows, user_ids, scoring_date)
    staged = query(warehouse, "from staging.stg_user_activity_daily")
    assert len(staged) == len(expected) > 500
    assert set(staged) == expected


def test_every_activity_row_that_is_not_staged_is_rejected_by_its_rule(restaged):
    warehouse, rows, user_ids, scoring_date = restaged
    _, rejected = cleaned(rows, user_ids, scoring_date)
    expected = {(f"{user or 'null'} | {day or 'null'}", rule): n for (user, day, rule), n in rejected.items()}
    found = query(
        warehouse,
        "select row_key, rule_id, n_rows from candidate_marts.rejected_rows where table_name = 'user_activity_daily_raw'",
    )
    assert {(key, rule): n for key, rule, n in found} == expected
    assert {rule for _, rule in expected} == {
        "null_key",
        "orphan_user",
        "future_date",
        "negative_count",
        "impossible_minutes",
        "duplicate_row",
        "conflicting_duplicate",
    }


@pytest.mark.parametrize("table", STAGED)
def test_neither_arm_nor_outcome_decides_what_is_staged(built_world, restaged, table):
    keys = f"select {STAGED[table]} from staging.{table} order by all"
    assert query(restaged[0], keys) == query(built_world.warehouse, keys) != []
