"""An unmapped word stops every decision that depends on it; a word mapped by a person counts as mapped."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

CASES = {
    "three unmapped roles, one Cyrillic and one SQL, and an unmapped plan": [
        ("roles", "users_raw", "role_type", " Owner"),
        ("roles", "users_raw", "role_type", "\u0430dmin"),
        ("roles", "users_raw", "role_type", "x'; drop table raw.users_raw; --"),
        ("plans", "accounts_raw", "plan_tier", "Platinum"),
    ],
    "an unmapped response": [("responses", "interventions_raw", "prev_nudge_response", "clicked")],
}


@pytest.fixture
def warehouse(built_world, tmp_path) -> Path:
    """A copy of the built world that a test may change."""
    return Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))


def give(warehouse: Path, table: str, column: str, word: str, first: int = 0) -> int:
    """Sets a column of a hundred raw rows to another word; returns the number of rows with that word."""
    with duckdb.connect(str(warehouse)) as connection:
        rows = f"select rowid from raw.{table} order by rowid limit 100 offset {first}"
        connection.execute(f"update raw.{table} set {column} = ? where rowid in ({rows})", [word])
        return connection.execute(f"select count(*) from raw.{table} where {column} = ?", [word]).fetchone()[0]


def messages(build: subprocess.CompletedProcess[str]) -> list[str]:
    said = re.findall(r'Nothing was decided: some words .*?question mark:(?:\s*"[^\n]*,\?,)+', build.stdout, flags=re.S)
    assert said, build.stdout[-3000:]
    return [" ".join(each.split()) for each in said]


@pytest.mark.parametrize(
    "words", [pytest.param(words, id=fault, marks=pytest.mark.fault(fault, "stops")) for fault, words in CASES.items()]
)
def test_words_that_nobody_mapped_stop_the_build(built_world, warehouse, run_dbt, read_published, listed, seen, words):
    rows = {case: give(warehouse, *case[1:], 100 * place) for place, case in enumerate(words)}
    build = run_dbt("build", "--exclude-resource-type", "unit_test", warehouse=warehouse)
    assert build.returncode != 0
    said = messages(build)
    seen(said[0])
    for (seed, table, column, word), n_rows in rows.items():
        (message,) = {each for each in said if f"{table}.{column} has words" in each}
        listed(message)
        plain = word.strip().lower()
        assert f"seeds/mapping/{seed}.csv lacks or only guesses: " in message
        assert f"{plain} ({n_rows} rows)" in message
        assert f'"{plain}",?,' in message
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
        assert "owner (100 rows)" in messages(build)[0], line
    seen(messages(build)[0])

    roles.write_text(f"{lines} OWNER ,Admin,\n")
    build = run_dbt("build", "--select", "roles", "base_users", warehouse=warehouse, project=project_copy)
    assert "ERROR creating" not in build.stdout, build.stdout[-3000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        owners = connection.sql(
            "select distinct role_type, is_admin from staging.stg_users semi join "
            "(select user_id from raw.users_raw where role_type = 'Owner') as owners using (user_id)"
        ).fetchall()
    assert owners == [("admin", True)]
