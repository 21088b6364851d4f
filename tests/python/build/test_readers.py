"""The copy for readers opens in clients from DuckDB 1.2 on, and holds everything meant for them."""

import json
import re
import subprocess
import venv
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT

from causalyn.warehouse.dbt_plugin import ledger_in_parts

QUERY = "select count(*) as n_accounts, sum(net_value_usd) as net_value_usd from marts.target_accounts"


@pytest.fixture(scope="module")
def published(built_world) -> Path:
    return built_world.warehouse.with_suffix(".published.duckdb")


@pytest.fixture(scope="module")
def expected(built_world) -> tuple[int, float]:
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        return connection.execute(QUERY).fetchall()[0]


def test_it_says_of_itself_that_old_clients_can_read_it(published):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as copied (read_only)")
        ((version,),) = connection.sql(
            "select tags['storage_version'] from duckdb_databases() where path is not null"
        ).fetchall()
    assert version == "v1.2.0+"


def test_it_opens_in_the_newest_client_of_the_versions_before(published, expected, tmp_path):
    """The one locked for Python 3.10."""
    (pin,) = re.findall(r"^(duckdb==1\S+) ;[^-]*(--hash.*)$", (ROOT / "requirements.lock").read_text(), flags=re.M)
    (tmp_path / "client.txt").write_text(" ".join(pin) + "\n")
    venv.create(tmp_path / "client", with_pip=True)
    python = tmp_path / "client" / "bin" / "python"
    install = (
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "-r",
        tmp_path / "client.txt",
    )
    installed = subprocess.run(install, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"{pin[0]} can't be installed: {installed.stderr.strip().splitlines()[-1]}")
    code = "import duckdb, json, sys; print(json.dumps(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall()))"
    done = subprocess.run([python, "-c", code, published, QUERY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [list(expected)]


def test_it_opens_in_polars(published, expected):
    polars = pytest.importorskip("polars", reason="make .venv/.installed-dev installs it")
    with duckdb.connect(str(published), read_only=True) as connection:
        frame = polars.read_database(QUERY, connection)
    assert frame.rows() == [expected]


def test_it_opens_in_ibis(published, expected):
    ibis = pytest.importorskip("ibis", reason="make .venv/.installed-dev installs it")
    targets = ibis.duckdb.connect(str(published), read_only=True).table("target_accounts", database="marts")
    assert targets.count().execute() == expected[0]
    assert targets.net_value_usd.sum().execute() == pytest.approx(expected[1])


def test_the_ledger_is_a_file_per_build_that_is_written_once(tmp_path):
    """A copy shows the builds up to its own; a warehouse restored to an earlier build continues without mix-ups."""
    with duckdb.connect() as connection:
        connection.execute("create table ledger as select 1 as build_number, 'a' as build_id, 0.5 as net_value_usd")
        first = ledger_in_parts(connection, "ledger", tmp_path / "it's [one]")
        (written,) = (part.stat() for part in (tmp_path / "it's [one]").iterdir())
        connection.execute("alter table ledger add column is_late boolean")
        connection.execute("insert into ledger values (2, 'b', 1, true), (2, 'b', 2, false)")
        second = ledger_in_parts(connection, "ledger", tmp_path / "it's [one]")
        assert (
            connection.sql(f"{second} order by all").fetchall() == connection.sql("from ledger order by all").fetchall()
        )
        connection.execute("update ledger set build_id = 'c' where build_number = 2")
        third = ledger_in_parts(connection, "ledger", tmp_path / "it's [one]")
        ids = [
            connection.sql(f"select distinct build_id from ({sql}) order by 1").fetchall()
            for sql in (first, second, third)
        ]
    assert ids == [[("a",)], [("a",), ("b",)], [("a",), ("c",)]]
    parts = {part.name: part.stat() for part in (tmp_path / "it's [one]").iterdir()}
    assert set(parts) == {"1-a.parquet", "2-b.parquet", "2-c.parquet"}
    assert parts["1-a.parquet"] == written


def test_it_holds_the_audit_only_if_asked(built_world, published, run_dbt, tmp_path):
    def schemas(file: Path) -> set[str]:
        with duckdb.connect(str(file), read_only=True) as connection:
            return {
                schema for (schema,) in connection.sql("select distinct schema_name from duckdb_tables()").fetchall()
            }

    assert schemas(published) == {"marts"}
    (tmp_path / "causalyn.duckdb").write_bytes(built_world.warehouse.read_bytes())
    asked = run_dbt(
        "test", "--select", "target_accounts", warehouse=tmp_path / "causalyn.duckdb", CAUSALYN_READERS_AUDIT="1"
    )
    assert "Published: " in asked.stdout
    assert schemas(tmp_path / "causalyn.published.duckdb") == {"marts", "audit"}
    with duckdb.connect(str(tmp_path / "causalyn.published.duckdb"), read_only=True) as copy:
        assert ("policy_decisions_ledger",) not in copy.sql("select table_name from duckdb_tables()").fetchall()
        shown = copy.sql("from marts.policy_decisions_ledger order by all").fetchall()
    with duckdb.connect(str(tmp_path / "causalyn.duckdb"), read_only=True) as connection:
        assert shown == connection.sql("from marts.policy_decisions_ledger order by all").fetchall() != []
    (part,) = (tmp_path / "causalyn.ledger").iterdir()
    assert part.stat().st_mode & 0o077 == 0
