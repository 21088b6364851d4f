"""An unmapped word stops every decision that depends on it; a word mapped by a person counts as mapped."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

CASES = {
    "a role of their own": ("roles", "users_raw", "role_type", " Owner"),
    "a role in Cyrillic letters": ("roles", "users_raw", "role_type", "\u0430dmin"),
    "a role of SQL": ("roles", "users_raw", "role_type", "x'; drop table raw.users_raw; --"),
    "a plan of their own": ("plans", "accounts_raw", "plan_tier", "Platinum"),
    "a response of their own": ("responses", "interventions_raw", "prev_nudge_response", "clicked"),
}


@pytest.fixture
def warehouse(built_world, tmp_path) -> Path:
    """A copy of the built world that a test may change."""
    return Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))


def give(warehouse: Path, table: str, column: str, word: str) -> int:
    """Sets a column of a hundred raw rows to another word; returns the number of rows with that word."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"update raw.{table} set {column} = ? where rowid in (select rowid from raw.{table} limit 100)", [word]
        )
        return connection.execute(f"select count(*) from raw.{table} where {column} = ?", [word]).fetchone()[0]


def message(build: subprocess.CompletedProcess[str]) -> str:
    said = re.search(r"Nothing was decided: some words of the export.*?,\?,\s", build.stdout, flags=re.S)
    assert said, build.stdout[-3000:]
    return " ".join(said[0].split())


@pytest.mark.parametrize(
    ("seed", "table", "column", "word"),
    [pytest.param(*case, id=fault, marks=pytest.mark.fault(fault, "stops")) for fault, case in CASES.items()],
)
def test_a_word_that_nobody_mapped_stops_the_build(
    built_world, warehouse, run_dbt, read_published, seen, listed, seed, table, column, word
):
    rows = give(warehouse, table, column, word)
    build = run_dbt("build", "--exclude-resource-type", "unit_test", warehouse=warehouse)
    said = message(build)
    seen(said)
    assert build.returncode != 0
    assert f"{table}.{column} has words" in said
    plain = word.strip().lower()
    assert f"seeds/mapping/{seed}.csv lacks or only guesses: {plain} ({rows} rows)." in said
    assert said.endswith(f'in place of each question mark: "{plain}",?,')
    listed(said)
    assert "Nothing was published" in build.stdout
    for skipped in ("int_uplift__inputs", "int_policy__account_decisions", "int_build__publication_gate"):
        assert re.search(rf"SKIP .*\b{skipped}\b", build.stdout), skipped
    assert read_published(warehouse) == read_published(built_world.warehouse)


@pytest.mark.fault("a role whose line is a guess, one that is contradicted, one mapped to no word of ours", "stops")
def test_a_line_that_no_person_stands_for_does_not_count(warehouse, project_copy, run_dbt, seen):
    give(warehouse, "users_raw", "role_type", "Owner")
    roles = project_copy / "seeds" / "mapping" / "roles.csv"
    lines = roles.read_text()
    for line in ("owner,admin,yes", "owner,admin,\nOwner,basic,", "owner,administrator,", "owner,?,"):
        roles.write_text(f"{lines}{line}\n")
        build = run_dbt("build", "--select", "roles", "base_users", warehouse=warehouse, project=project_copy)
        assert "owner (100 rows)" in message(build), line
    seen(message(build))

    roles.write_text(f"{lines} OWNER ,Admin,\n")
    build = run_dbt("build", "--select", "roles", "base_users", warehouse=warehouse, project=project_copy)
    assert "ERROR creating" not in build.stdout, build.stdout[-3000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        owners = connection.sql(
            "select distinct role_type, is_admin from staging.stg_users semi join "
            "(select user_id from raw.users_raw where role_type = 'Owner') as owners using (user_id)"
        ).fetchall()
    assert owners == [("admin", True)]
