"""Exports as three companies write them hold the same rows as the plain one, or are refused: never something in between."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.raw_contract import TABLES
from causalyn.warehouse.raw_loader import load_raw
from causalyn.warehouse.word_maps import draft

ID, DATE, FLAG, COUNT = "id", "date", "flag", "count"
WORDS = {"Inhaber": "admin", "Führungskraft": "power_user", "Mitglied": "basic"} | {
    "Kostenlos": "starter",
    "Profi": "growth",
    "Konzern": "enterprise",
}
CET, HOUR = "Europe/Berlin", "interval (hash({0}) % 24) hour"
LOCAL = f"cast(({{0}}::timestamp + {HOUR}) at time zone '{CET}' as varchar)"
# How each company writes a column of a kind; its words; and its files.
COMPANIES = {
    "a CRM, in local time": (CET, "csv", {DATE: LOCAL, FLAG: "case {0} when 1 then 't' when 0 then 'f' end"}, WORDS),
    "a warehouse": (
        CET,
        "parquet",
        {ID: "try_cast({0} as bigint)", DATE: f"({{0}}::timestamp + {HOUR}) at time zone '{CET}'", FLAG: "{0} = 1"}
        | {COUNT: "cast({0} as decimal(38, 2))"},
        {},
    ),
    "spreadsheets": (None, "csv.gz", {ID: "' ' || {0} || '.0 '", COUNT: "cast({0} as decimal(38, 3))"}, {}),
}


def kind(table, column) -> str | None:
    """The kind of a column; activity is the one table whose ids a warehouse would keep as numbers."""
    if column.is_id and column.name != "campaign_id":
        return ID if table.name in ("user_activity_daily_raw", "outcomes_raw") else None
    return DATE if column.type == "date" else FLAG if column.is_flag else COUNT if column.type == "bigint" else None


@pytest.fixture(scope="module")
def world(run, project_root, tmp_path_factory) -> Path:
    """A small world with digits for ids, several campaigns, and names over two lines."""
    path = tmp_path_factory.mktemp("world") / "causalyn.duckdb"
    script = project_root / "scripts" / "generate_world.py"
    assert run(sys.executable, script, "--accounts", "60", "--campaigns", "2", "--warehouse", path).returncode == 0
    with duckdb.connect(str(path)) as connection:
        for table in TABLES:
            for column in table.columns:
                new = (
                    f"'1' || regexp_replace({column.name}, '[^0-9]', '', 'g')"
                    if column.is_id
                    else f"lower(trim({column.name}))"
                )
                if column.name in ("role_type", "plan_tier") or (column.is_id and column.name != "campaign_id"):
                    connection.execute(f"update raw.{table.name} set {column.name} = {new}")
        connection.execute("update raw.accounts_raw set account_name = '\"Foo\"' || chr(10) || ', Inc', owner = null")
    return path


@pytest.mark.parametrize(("zone", "suffix", "written", "words"), COMPANIES.values(), ids=COMPANIES)
def test_an_export_of_a_company_holds_the_rows_of_the_plain_one(
    world, tmp_path, project_root, zone, suffix, written, words
):
    export, loaded = tmp_path / "export", tmp_path / "loaded.duckdb"
    export.mkdir()
    with duckdb.connect(str(world), read_only=True) as connection:
        connection.execute(f"set timezone = '{zone or 'UTC'}'")
        for table in TABLES:
            if not connection.table(f"raw.{table.name}").fetchall():
                continue
            columns = {
                c.name: written.get(kind(table, c), "{0}").format(c.name) for c in table.columns if c.name != "source"
            }
            for theirs, ours in words.items():
                for name in {"role_type", "plan_tier"} & columns.keys():
                    columns[name] = f"case when {name} = '{ours}' then '{theirs}' else {columns[name]} end"
            query = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
            rows, file = connection.sql(f"select {query} from raw.{table.name}"), export / f"{table.name}.{suffix}"
            if suffix == "parquet":
                rows.write_parquet(str(file))
                continue
            rows.write_csv(str(tmp_path / "plain.csv"))
            content = b"\xef\xbb\xbf" + (tmp_path / "plain.csv").read_bytes().replace(b"\n", b"\r\n")
            file.write_bytes(gzip.compress(content) if suffix == "csv.gz" else content)
    load_raw(export, loaded, zone)
    drafted = draft(export, shutil.copytree(project_root / "seeds" / "mapping", tmp_path / "seeds"), zone)
    assert {word for lines in drafted.values() for word, _ in lines} == {theirs.lower() for theirs in words}
    with duckdb.connect(str(loaded)) as connection:
        for theirs, ours in words.items():
            for table, name in (("accounts_raw", "plan_tier"), ("users_raw", "role_type")):
                connection.execute(f"update raw.{table} set {name} = ? where {name} = ?", [ours, theirs])
        connection.execute("update raw.accounts_raw set account_name = replace(account_name, chr(13), '')")
        connection.execute(f"attach '{world}' as world (read_only)")
        for table in TABLES:
            ours, theirs = f"raw.{table.name}", f"world.raw.{table.name}"
            for one, other in ((ours, theirs), (theirs, ours)):
                assert connection.execute(f"from {one} except all from {other}").fetchall() == []
