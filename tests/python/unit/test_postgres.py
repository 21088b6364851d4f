"""An export in a PostgreSQL database loads as from files; the database is a real one, started and stopped here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.command import NOT_PUBLISHED
from causalyn.warehouse.raw_contract import TABLES

dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="make .venv/.installed-postgres installs it")
PROGRAMS = [shutil.which("postgres"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))]
ROWS = {
    "accounts_raw": "'a' || i as account_id, date '2024-01-01' as account_created_date, 'growth' as plan_tier, 'x' as industry,"
    " 10 as seat_count, 0 as cs_assigned_flag, 0.5::double as account_health_score",
    "users_raw": "i as user_id, 'a' || i as account_id, timestamptz '2024-06-01 12:30:17+00' as user_created_date, 'basic'"
    " as role_type, 'EU' as geo_region, null::varchar as invited_by_user_id",
    "user_activity_daily_raw": "i as user_id, date '2025-03-01' as activity_date, true as login_flag, 1 as core_action_count,"
    " 0 as collab_action_count, 12 as time_spent_minutes, 2 as feature_diversity_count",
    "interventions_raw": "'i' || i as intervention_id, i as user_id, 'a' || i as account_id, date '2025-04-01'"
    " as intervention_date, true as eligibility_flag, i % 2 as treatment_flag, 'email' as delivery_channel",
    "outcomes_raw": "i as user_id, 'i' || i as intervention_id, i % 2 as collab_activated_flag, null::date as activation_date,"
    " 21 as outcome_window_days",
}


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A database with an export in its own schema; user ids are numerics with a scale, roles an enumeration."""
    programs = next((Path(path).resolve().parent for path in PROGRAMS if path), None)
    if programs is None:
        pytest.skip("no PostgreSQL: the distribution's package `postgresql` brings it")
    # PostgreSQL does not run as root, and its socket's path must be short.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="causalyn-pg-"))
    if user:
        shutil.chown(folder, user)

    def control(*command: str | Path) -> None:
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    data = folder / "data"
    try:
        control(programs / "initdb", "--no-sync", "--auth=trust", "--username=causalyn", "-D", data)
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control(programs / "pg_ctl", "-w", "-D", data, "-l", folder / "log", "-o", settings, "start")
        uri = f"postgresql:///postgres?host={folder}&user=causalyn"
        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            cursor.execute("create schema export")
            for table, columns in ROWS.items():
                rows = duckdb.sql(f"select {columns} from range(1, 7) as r(i)").to_arrow_table()
                cursor.adbc_ingest(table, rows, db_schema_name="export")
            cursor.execute("alter table export.users_raw alter user_id type numeric(12, 2)")
            cursor.execute("create type role as enum ('basic', 'admin')")
            cursor.execute("alter table export.users_raw alter role_type type role using role_type::role")
            connection.commit()
        yield uri
    finally:
        if (data / "postmaster.pid").exists():
            control(programs / "pg_ctl", "-w", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def load(run, project_root, tmp_path):
    return lambda uri: run(
        sys.executable, project_root / "scripts" / "load_raw.py", uri, "--warehouse", tmp_path / "causalyn.duckdb",
    )  # fmt: skip


def test_an_export_is_read_from_a_database(database, load, tmp_path):
    loaded = load(f"{database}&options=-csearch_path%3Dexport")
    assert loaded.returncode == 0, loaded.stderr
    printed = [f"{table.name}: {6 if table.name in ROWS else 0} rows" for table in TABLES]
    assert loaded.stdout.splitlines()[: len(TABLES)] == printed
    with duckdb.connect(str(tmp_path / "causalyn.duckdb"), read_only=True) as connection:
        users = connection.execute(
            "select user_id, account_id, user_created_date::varchar, role_type from raw.users_raw"
        ).fetchall()
    assert sorted(users) == [(str(n), f"a{n}", "2024-06-01", "basic") for n in range(1, 7)]


@pytest.mark.fault("a database without the tables of the contract", "refused, by name")
def test_missing_tables_are_named(database, load, seen, listed):
    refused = load(database)
    headline, *problems = refused.stderr.splitlines()
    seen(problems[0])
    assert (refused.returncode, headline) == (NOT_PUBLISHED, "Nothing was loaded. The export breaks the raw contract:")
    assert [problem.partition(":")[0] for problem in problems] == list(ROWS)
    for problem in problems:
        listed(problem)


@pytest.mark.fault("a database that is not there", "one line")
def test_a_database_that_is_not_there_is_one_line(load, seen, listed, tmp_path):
    refused = load(f"postgresql:///nothing?host={tmp_path}&password=secret")
    seen(refused.stderr.replace(str(tmp_path), ""))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "secret" not in refused.stderr
    listed(refused.stderr.strip())
