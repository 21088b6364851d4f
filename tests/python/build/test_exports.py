"""Exports hold the published lists, are written only after a complete good build, and are replaced all at once."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import publish_as_it_is

from causalyn.warehouse.list_exports import LISTS, MANIFEST, ExportRefusedError, export_lists, why_fewer

FILES = {f"{published.name}.{kind}" for published in LISTS for kind in ("csv", "parquet")} | {MANIFEST}
BROKEN = "\n-- not SQL\n)"
# A model that kills dbt, like a machine that runs out of memory.
KILLER = """import os
import signal


def model(dbt, session):
    return os.kill(os.getpid(), signal.SIGKILL)
"""


def contents(destination: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in destination.iterdir()}


@pytest.fixture
def warehouse(built_world, tmp_path) -> Path:
    """A copy of the built world that a test may change."""
    return Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))


@pytest.fixture
def exported(warehouse, tmp_path) -> Path:
    """The built world's exports."""
    export_lists(warehouse, tmp_path / "exports")
    return tmp_path / "exports"


def assert_refused(warehouse: Path, destination: Path, reason: str) -> None:
    before = contents(destination) if destination.exists() else None
    with pytest.raises(ExportRefusedError, match=reason):
        export_lists(warehouse, destination)
    assert (contents(destination) if destination.exists() else None) == before


@pytest.mark.parametrize("published", LISTS, ids=lambda published: published.name)
def test_both_files_of_a_list_hold_its_rows_in_order(warehouse, exported, published):
    query = (
        f"select {', '.join(published.columns)} from marts.{published.name} where {published.where}"
        f" order by {', '.join(published.order)}"
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        expected = connection.sql(query).fetchall()
        parquet = connection.sql(f"from '{exported}/{published.name}.parquet'")
        assert tuple(parquet.columns) == published.columns
        assert parquet.fetchall() == expected
    with (exported / f"{published.name}.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == published.columns
    assert [row[0] for row in rows] == [row[0] for row in expected]


def test_the_lists_to_act_on_are_not_empty(exported):
    files = json.loads((exported / MANIFEST).read_text())["files"]
    assert min(files[f"{name}.csv"]["rows"] for name in ("target_accounts", "campaign_nudge_list")) > 0


def test_a_set_is_complete_and_its_manifest_says_so(warehouse, exported):
    assert {file.name for file in exported.iterdir()} == FILES
    manifest = json.loads((exported / MANIFEST).read_text())
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        listed = connection.execute("select distinct build_id, policy_id from marts.target_accounts").fetchall()
    assert [(manifest["build_id"], manifest["policy_id"])] == listed
    files = manifest["files"]
    assert files.keys() == FILES - {MANIFEST}
    assert {name: file["sha256"] for name, file in files.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents(exported).items() if name != MANIFEST
    }


def test_neither_names_nor_addresses_leave_the_warehouse(warehouse, tmp_path):
    """Lists in the warehouse may name people; exported files identify accounts and users by id only."""
    personal = ("account_name", "owner", "user_name", "email")
    with duckdb.connect(str(warehouse)) as connection:
        for name, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and column_name in ?",
            [personal],
        ).fetchall():
            connection.execute(f"update marts.{name} set {column} = 'Ada Lovelace'")
        publish_as_it_is(connection)
        holding = {
            published.name for published in LISTS for column in personal if column in columns(connection, published)
        }
    assert holding >= {"target_accounts", "campaign_nudge_list"}
    export_lists(warehouse, tmp_path / "exports")
    assert not [name for name, content in contents(tmp_path / "exports").items() if b"Lovelace" in content]
    assert not {column for published in LISTS for column in published.columns}.intersection(personal)


def test_the_fields_that_the_docs_sync_are_in_the_exported_files(project_root):
    page = (project_root / "docs" / "operating.md").read_text()
    synced = re.findall(r"^\| [^|`]+ \| `(\w+)`[^|]* \| `(\w+)` \| (.*) \|$", page, re.M)
    exported = {published.name: set(published.columns) for published in LISTS}
    assert {name for name, _, _ in synced} <= exported.keys()
    assert len(synced) == 4
    assert not {
        (name, field)
        for name, key, fields in synced
        for field in {key, *re.findall(r"`(\w+)`", fields)} - exported[name]
    }


def columns(connection: duckdb.DuckDBPyConnection, published) -> list[str]:
    return connection.table(f"marts.{published.name}").columns


def test_only_the_owner_reads_the_files(exported):
    assert {path.stat().st_mode & 0o077 for path in (exported.resolve(), *exported.iterdir())} == {0}


def test_the_same_warehouse_gives_the_same_bytes_and_only_the_previous_set_is_kept(warehouse, exported):
    first, before = exported.resolve(), contents(exported)
    for _ in range(3):
        previous = exported.resolve()
        export_lists(warehouse, exported)
        assert contents(exported) == before
    assert exported.resolve() != first
    assert set(exported.parent.glob(".exports-*")) == {previous, exported.resolve()}


def test_another_export_beside_it_is_not_taken_for_left_over(warehouse, tmp_path):
    others = [tmp_path / name for name in ("exports-eu", "exports1")]
    for destination in (*others, tmp_path / "exports", tmp_path / "exports[1]"):
        export_lists(warehouse, destination)
    assert all((destination / MANIFEST).is_file() for destination in others)


def test_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(warehouse, tmp_path):
    dangerous = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "'=1", "＝1"]  # noqa: RUF001
    harmless = ["a=1", "acct-1", " "]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from marts.low_cost_channel_accounts")
        connection.executemany(
            "insert into marts.low_cost_channel_accounts (account_id, policy_id, recommended_channel, expected_revenue_usd) "
            "values (?, 'p', 'email', -1.5)",
            [(text,) for text in dangerous + harmless],
        )
        publish_as_it_is(connection)
    export_lists(warehouse, tmp_path / "exports")
    with (tmp_path / "exports" / "low_cost_channel_accounts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["account_id"] for row in rows} == {f"'{text}" for text in dangerous} | set(harmless)
    assert {row["expected_revenue_usd"] for row in rows} == {"-1.5"}
    parquet = duckdb.sql(f"select account_id from '{tmp_path}/exports/low_cost_channel_accounts.parquet'").fetchall()
    assert {text for (text,) in parquet} == set(dangerous + harmless)


def test_an_export_that_is_killed_leaves_the_last_one(warehouse, exported, run, project_root):
    before = contents(exported)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from marts.campaign_nudge_list")
        publish_as_it_is(connection)
    killed = run(
        sys.executable, "-c",
        "import os, sys, pathlib; from causalyn.warehouse import list_exports\n"
        "list_exports.os.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "list_exports.export_lists(*map(pathlib.Path, sys.argv[1:]))",
        warehouse, exported,
        directory=project_root / "scripts",
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    assert contents(exported) == before

    previous = exported.resolve()
    export_lists(warehouse, exported)
    assert json.loads((exported / MANIFEST).read_text())["files"]["campaign_nudge_list.csv"]["rows"] == 0
    assert set(exported.parent.glob(".exports-*")) == {previous, exported.resolve()}


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("models/staging/stg_accounts.sql", BROKEN, r"the last build published nothing: .*: stg_accounts \(error\)"),
        ("python_models/uplift/int_uplift__killer.py", KILLER, "the last build did not finish"),
    ],
    ids=["failed", "killed"],
)
def test_a_build_that_does_not_succeed_stops_the_export(
    warehouse, exported, project_copy, run_dbt, file, change, reason
):
    path = project_copy / file
    path.write_text((path.read_text() if path.exists() else "") + change)
    build = run_dbt("build", "--select", path.stem, warehouse=warehouse, project=project_copy)
    assert build.returncode != 0, build.stdout[-3000:]
    assert_refused(warehouse, exported, reason)


def test_a_build_of_a_part_stops_the_export(warehouse, exported, run_dbt):
    build = run_dbt("build", "--select", "guardrail_rules", warehouse=warehouse)
    assert build.returncode == 0, build.stdout
    assert_refused(warehouse, exported, r"the last build published nothing: .* \(older than guardrail_rules\)")


EDITED = {
    "a row less": "delete from marts.nudge_list where user_id = (select min(user_id) from marts.nudge_list)",
    "a row twice": "insert into marts.nudge_list from marts.nudge_list limit 1",
    "another value": "update marts.nudge_list set lift = lift + 1e-12 "
    "where user_id = (select min(user_id) from marts.nudge_list)",
    "no table": "drop table marts.nudge_list",
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED)
@pytest.mark.fault("a published list is edited: export, report, refresh", "one line names it")
def test_an_edited_list_is_neither_exported_nor_drawn_nor_refreshed(
    warehouse, exported, run, project_root, listed, seen, tmp_path, edit
):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(edit)
    before = contents(exported)
    for script, options in {
        "export_lists.py": ("--destination", exported),
        "render_report.py": ("--directory", tmp_path / "report"),
        "refresh.py": ("--as-of", "2025-06-01"),
    }.items():
        refused = run(sys.executable, project_root / "scripts" / script, *options, "--warehouse", warehouse)
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert "marts.nudge_list: changed since publication" in line
        listed(line[line.index("marts.nudge_list") :].removesuffix("."))
    assert contents(exported) == before
    assert not (tmp_path / "report" / "index.html").exists()
    seen(line)


def test_edits_that_a_build_undoes_and_those_that_none_does_have_their_own_remedies(warehouse, exported):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from marts.momentum_triggers; delete from marts.nudge_list")
    remedies = (
        "No build can make marts.momentum_triggers anew: .*; a full `make build` then republishes marts.nudge_list$"
    )
    assert_refused(warehouse, exported, remedies)


def test_an_upgrade_that_publishes_nothing_is_no_edit(warehouse, exported):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("alter table marts.campaign_arms add column added_by_an_upgrade double")
    before = contents(exported)
    export_lists(warehouse, exported)
    assert contents(exported) == before


@pytest.mark.parametrize(
    ("script", "option"), [("export_lists.py", "--destination"), ("render_report.py", "--directory")]
)
@pytest.mark.fault("the disk is full at the export, and at the page", "one line says so; the old files, whole")
def test_a_full_disk_leaves_the_old_files_and_no_others(
    warehouse, run, project_root, listed, seen, tmp_path, script, option
):
    place = tmp_path / "place" / "files"
    command = [sys.executable, project_root / "scripts" / script, option, place, "--warehouse", warehouse]
    assert run(*command).returncode == 0
    before, beside = contents(place), set(place.parent.iterdir())
    refused = run("prlimit", "--fsize=1000", *command)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "large" in line and "read" not in line
    seen(line.replace(str(tmp_path), ""))
    listed(line if script == "render_report.py" else line.partition("as they were: ")[2].removesuffix("."))
    assert (contents(place), set(place.parent.iterdir())) == (before, beside)


def test_an_empty_list_says_why(warehouse, tmp_path):
    with duckdb.connect(str(warehouse)) as connection:
        for table in ("customer_success_handover", "campaign_nudge_list", "nudge_list", "target_accounts"):
            connection.execute(f"delete from marts.{table}")
        connection.execute("update marts.build_info set why_nobody = 'A nudge harms'")
        connection.execute("update marts.rollout_status set status = 'pause'")
        publish_as_it_is(connection)
    why = why_fewer(warehouse, export_lists(warehouse, tmp_path / "exports"))
    assert why["target_accounts"] == why["campaign_nudge_list"] == "A nudge harms"
    assert why["do_not_disturb_accounts"] == ""


def test_looking_at_a_build_does_not_stop_the_export(warehouse, tmp_path, run_dbt):
    looked = run_dbt("test", "--select", "target_accounts", warehouse=warehouse)
    assert looked.returncode == 0, looked.stdout
    assert export_lists(warehouse, tmp_path / "exports")["target_accounts"] > 0


def test_data_that_no_build_has_seen_stops_the_export(warehouse, exported, run, project_root):
    generator = project_root / "scripts" / "generate_world.py"
    generated = run(sys.executable, generator, "--accounts", "100", "--warehouse", warehouse)
    assert generated.returncode == 0, generated.stderr
    assert_refused(warehouse, exported, "nothing was built since the data was loaded")


def test_loaded_files_that_no_build_has_seen_stop_the_export(warehouse, exported, run, project_root, tmp_path):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for (table,) in connection.sql("from duckdb_tables() select table_name where schema_name = 'raw'").fetchall():
            connection.table(f"raw.{table}").write_parquet(str(tmp_path / f"{table}.parquet"))
    loader = project_root / "scripts" / "load_raw.py"
    loaded = run(sys.executable, loader, tmp_path, "--warehouse", warehouse)
    assert loaded.returncode == 0, loaded.stderr
    assert_refused(warehouse, exported, "nothing was built since the data was loaded")


def test_a_missing_warehouse_stops_the_export(tmp_path):
    assert_refused(tmp_path / "none.duckdb", tmp_path / "exports", "database does not exist")


def test_a_file_that_is_no_warehouse_stops_the_export(tmp_path):
    (tmp_path / "text.duckdb").write_text("not a database")
    assert_refused(tmp_path / "text.duckdb", tmp_path / "exports", "can't be read")


def test_a_directory_that_no_export_made_is_left_alone(warehouse, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    assert_refused(warehouse, tmp_path / "mine", "is not an export")


def test_the_command_says_what_it_wrote_or_why_it_did_not(warehouse, tmp_path, run, project_root):
    command = (sys.executable, project_root / "scripts" / "export_lists.py", "--destination", tmp_path / "exports")
    done = run(*command, CAUSALYN_WAREHOUSE=str(warehouse))
    assert done.returncode == 0, done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert list(said) == [*(one.name for one in LISTS), "Files"]
    # Every account and user counted on the page is in the file, or named as left out, with the reason.
    for name, headline in (("target_accounts", "target_accounts"), ("campaign_nudge_list", "nudge_list")):
        n_rows, total, *others = (int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", said[name]))
        assert n_rows + sum(others) == total
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            assert connection.execute(f"select count(*) from marts.{headline}").fetchall() == [(total,)]
        assert "waiting for their wave" in said[name]
        assert "held out as controls" in said[name]

    refused = run(*command, "--warehouse", tmp_path / "none.duckdb")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Nothing was done: there is no warehouse")
    assert "Traceback" not in refused.stderr
