"""Exports as three companies write them hold the same rows as the plain one, or are refused: never something in between."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.raw_contract import TABLES, Column, Table
from causalyn.warehouse.raw_loader import load_raw
from causalyn.warehouse.word_maps import draft

CET, HOUR = "Europe/Berlin", "interval (hash({0}) % 24) hour"
OURS = ["admin", "power_user", "basic", "starter", "growth", "enterprise"]
THEIRS = ["Inhaber", "Führungskraft", "Mitglied", "Kostenlos", "Profi", "Konzern"]
INSTANT = f"({{0}}::timestamp + {HOUR}) at time zone '{CET}'"
# The time zone and the files of each company, and how it writes a column of a kind.
COMPANIES = {
    "a CRM in local time": (
        CET,
        "csv",
        {
            "date": f"cast({INSTANT} as varchar)",
            "flag": "case {0} when 1 then 't' when 0 then 'f' end",
            "word": f"coalesce(map({OURS}, {THEIRS})[{{0}}], {{0}})",
        },
    ),
    "a warehouse": (
        CET,
        "parquet",
        {"id": "cast({0} as bigint)", "date": INSTANT, "flag": "{0} = 1", "count": "cast({0} as decimal(38, 2))"},
    ),
    "spreadsheets": (None, "csv.gz", {"id": "' ' || {0} || '.0 '", "count": "cast({0} as decimal(38, 3))"}),
}


def kind(table: Table, column: Column) -> str | None:
    """The kind of a column; of ids, only those of two tables, since they are to differ between tables."""
    if column.is_id:
        return "id" if table.name in ("user_activity_daily_raw", "outcomes_raw") else None
    if column.name in ("role_type", "plan_tier"):
        return "word"
    return "flag" if column.is_flag else {"date": "date", "bigint": "count"}.get(column.type)


@pytest.fixture(scope="module")
def world(run, project_root, tmp_path_factory) -> Path:
    """A small world of several campaigns, with ids of digits, words in one spelling, and names over two lines."""
    path = tmp_path_factory.mktemp("world") / "causalyn.duckdb"
    script = project_root / "scripts" / "generate_world.py"
    assert run(sys.executable, script, "--accounts", "60", "--campaigns", "2", "--warehouse", path).returncode == 0
    with duckdb.connect(str(path)) as connection:
        for table in TABLES:
            for name in (column.name for column in table.columns if column.is_id and column.name != "campaign_id"):
                connection.execute(
                    f"update raw.{table.name} set {name} = '1' || regexp_replace({name}, '[^0-9]', '', 'g')"
                )
        connection.execute(
            "update raw.users_raw set role_type = lower(trim(role_type));"
            "update raw.accounts_raw set plan_tier = lower(trim(plan_tier)), account_name = '\"Foo\"' || chr(10) || ', Inc'"
        )
    return path


@pytest.mark.parametrize(("zone", "suffix", "written"), COMPANIES.values(), ids=COMPANIES)
def test_an_export_of_a_company_holds_the_rows_of_the_plain_one(world, tmp_path, project_root, zone, suffix, written):
    export, loaded, plain = tmp_path / "export", tmp_path / "loaded.duckdb", tmp_path / "plain.csv"
    export.mkdir()
    with duckdb.connect(str(world), read_only=True) as connection:
        connection.execute(f"set timezone = '{zone or 'UTC'}'")
        for table in (table for table in TABLES if connection.table(f"raw.{table.name}").fetchall()):
            columns = (column for column in table.columns if column.name != "source")
            query = ", ".join(f"{written.get(kind(table, c), '{0}').format(c.name)} as {c.name}" for c in columns)
            rows, file = connection.sql(f"select {query} from raw.{table.name}"), export / f"{table.name}.{suffix}"
            if suffix == "parquet":
                rows.write_parquet(str(file))
                continue
            rows.write_csv(str(plain))
            content = b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n")
            file.write_bytes(gzip.compress(content) if suffix == "csv.gz" else content)
    load_raw(export, loaded, zone)
    drafted = draft(export, shutil.copytree(project_root / "seeds" / "mapping", tmp_path / "seeds"), zone)
    words = {word for lines in drafted.values() for word, _ in lines}
    assert words == ({word.lower() for word in THEIRS} if "word" in written else set())
    with duckdb.connect(str(loaded)) as connection:
        for table, name in (("accounts_raw", "plan_tier"), ("users_raw", "role_type")):
            connection.execute(f"update raw.{table} set {name} = coalesce(map({THEIRS}, {OURS})[{name}], {name})")
        connection.execute("update raw.accounts_raw set account_name = replace(account_name, chr(13), '')")
        connection.execute(f"attach '{world}' as world (read_only)")
        for table in TABLES:
            for one, other in (("raw", "world.raw"), ("world.raw", "raw")):
                assert (
                    connection.execute(f"from {one}.{table.name} except all from {other}.{table.name}").fetchall() == []
                )
